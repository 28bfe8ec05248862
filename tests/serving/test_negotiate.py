"""What a client is answered with: the peer's own answers, and ours where they differ on purpose."""

import pytest
from helpers import cases

from shardex.serving.negotiate import TEXT, accepts_gzip, negotiate

#: Accept-Encoding -> why our answer is not the peer's.
OTHERWISE = {
    "GZIP": "codings are case-insensitive (RFC 9110 section 8.4.1)",
    "gzip;q=0": "a weight of 0 says that it is not wanted (RFC 9110 section 12.5.3)",
}


@pytest.mark.parametrize(("given", "want"), cases("handler_cases", "accept_negotiation"))
def test_accept_as_recorded(given, want):
    """Content type and end mark are the peer's for every recorded Accept header."""
    form = negotiate(given["accept"])
    assert form.content_type == want["content_type"]
    assert form.openmetrics == want["ends_with_eof"]


@pytest.mark.parametrize(("given", "want"), cases("handler_cases", "gzip_with_flag_enabled"))
def test_gzip_as_recorded(given, want):
    """The peer's answer for every recorded Accept-Encoding, but those that it answers against the standard."""
    coding = given["accept_encoding"]
    assert accepts_gzip(coding) == ((want["content_encoding"] == "gzip") != (coding in OTHERWISE))


def test_the_exceptions_are_recorded():
    """Each named difference is one that the recording has."""
    recorded = {case.values[0]["accept_encoding"] for case in cases("handler_cases", "gzip_with_flag_enabled")}
    assert recorded >= set(OTHERWISE)


@pytest.mark.parametrize(
    ("coding", "wanted"),
    [
        ("gzip;q=0.001", True),
        ("gzip; q=1", True),
        (" gzip ;q=0.5 , br", True),
        ("x-gzip", True),
        ("gzip; q=0.000", False),
        ("gzip;q=0.0, identity", False),
        ("br, gzip;q=0", False),
        ("gzipped", False),
    ],
)
def test_gzip_weights(coding, wanted):
    """Any weight above 0 is a wish for it."""
    assert accepts_gzip(coding) == wanted


@pytest.mark.parametrize(
    ("accept", "wanted"),
    [
        ("application/openmetrics-text;version=1.0.0;q=0", None),
        ("application/openmetrics-text;q=0, text/plain", None),
        ("application/openmetrics-text;q=nonsense", None),
        (";;;,,;q=1", None),
        ("APPLICATION/OpenMetrics-Text; Version=1.0.0", "underscores"),
        ('application/openmetrics-text;version="1.0.0"', "underscores"),
        ("application/openmetrics-text;version=1.0.0;escaping=dots", "dots"),
        ("application/openmetrics-text;version=1.0.0;escaping=nosuch", "underscores"),
    ],
)
def test_accept_corners(accept, wanted):
    """Weights, case, quotes and nonsense: plain text, or OpenMetrics 1.0.0 with this escaping."""
    form = negotiate(accept)
    openmetrics = f"application/openmetrics-text; version=1.0.0; charset=utf-8; escaping={wanted}"
    assert form.content_type == (openmetrics if wanted else TEXT.content_type)


def test_prometheus_three_asks_for_openmetrics():
    """The header that a Prometheus server sends is answered in the format it likes best among ours."""
    accept = (
        "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
        "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
        "text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
    )
    wanted = "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=allow-utf-8"
    assert negotiate(accept).content_type == wanted
