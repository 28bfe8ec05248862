"""--tls-config: the exporter-toolkit's format, and every fault of it at once."""

import pytest
from kubeconfigs import certificates

from shardex.errors import OptionsError
from shardex.serving.tls import load
from shardex.serving.webconfig import read

HASH = "$2b$04$A2uCOtDqnTp40hJVP1lZKOjEwqb3OUQ5phtfqP0eUmeaG84lpB02y"  # of "right"; made here, ids would differ
PAIR = "cert_file: server.crt, key_file: server.key"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Certificates, and room for the files that name them."""
    made = tmp_path_factory.mktemp("web")
    certificates(made)
    return made


def written(folder, text):
    path = folder / "web.yml"
    path.write_text(text)
    return path


def faults(folder, text):
    with pytest.raises(OptionsError) as raised:
        load(written(folder, text))
    start = f"--tls-config={folder / 'web.yml'}: "
    assert all(fault.startswith(start) for fault in raised.value.faults)
    return [fault.removeprefix(start) for fault in raised.value.faults]


def test_everything(folder):
    """A file with all that there is, as the exporter-toolkit's documentation has it."""
    text = f"""
tls_server_config:
  cert_file: server.crt
  key_file: {folder}/server.key
  client_auth_type: RequireAndVerifyClientCert
  client_ca_file: ca.crt
  client_allowed_sans: [prometheus.example, 10.0.0.1]
  min_version: TLS12
  max_version: TLS13
  prefer_server_cipher_suites: false
  cipher_suites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, TLS_AES_128_GCM_SHA256]
http_server_config:
  http2: true
  headers:
    Strict-Transport-Security: max-age=31536000
    X-Frame-Options: deny
basic_auth_users:
  prometheus: {HASH}
"""
    web = load(written(folder, text))
    config = web.config
    assert config.users == {"prometheus": HASH.encode()}
    assert dict(config.headers) == {"Strict-Transport-Security": "max-age=31536000", "X-Frame-Options": "deny"}
    assert [path.name for path in config.files] == ["server.crt", "server.key", "ca.crt"]
    assert (config.tls.needs_client, config.tls.sans) == (True, {"prometheus.example", "10.0.0.1"})
    of_12 = {cipher["name"] for cipher in web.context.get_ciphers() if cipher["protocol"] == "TLSv1.2"}
    assert of_12 == {"ECDHE-RSA-AES128-GCM-SHA256"}
    assert "BEGIN" not in repr(config.tls)


@pytest.mark.parametrize("text", ["", "{}", "tls_server_config:\nbasic_auth_users: {}", "http_server_config: {}"])
def test_nothing(folder, text):
    """A file that asks for nothing is plain HTTP for everybody."""
    web = load(written(folder, text))
    assert (web.context, web.config.tls, web.config.users) == (None, None, {})


def test_texts_instead_of_files(folder):
    """Certificate, key and authority may stand in the file itself."""
    inline = {name: (folder / file).read_text() for name, file in (("cert", "server.crt"), ("key", "server.key"))}
    lines = "\n".join(f"  {name}: |\n    " + text.replace("\n", "\n    ") for name, text in inline.items())
    web = load(written(folder, f"tls_server_config:\n{lines}\n"))
    assert web.context is not None
    assert web.config.files == ()


def test_defaults(folder):
    """TLS 1.2 is the least, 1.3 the highest, no client certificate is asked for."""
    web = load(written(folder, f"tls_server_config: {{{PAIR}}}"))
    assert web.config.tls.versions == ("TLSv1_2", "TLSv1_3")
    assert web.context.minimum_version.name == "TLSv1_2"
    assert web.context.verify_mode.name == "CERT_NONE"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: [", "not YAML"),
        ("[1]", "the file: not a mapping"),
        ("? [a]\n: b", "not YAML"),
        ("1: x", "the file: not a mapping"),
        ("tls_server_config: yes", "tls_server_config: not a mapping"),
        ("tls_config: {}", "tls_config: unknown key"),
        ("rate_limit: {burst: 1}", "rate_limit: not supported"),
        ("basic_auth_users: {}\nbasic_auth_users: {}", "'basic_auth_users' stands twice"),
        ("tls_server_config: {certfile: x}", "tls_server_config.certfile: unknown key"),
        ("tls_server_config: {curve_preferences: [X25519]}", "curve_preferences: not supported"),
        ("tls_server_config: {cert_file: server.crt}", "key_file: missing"),
        ("tls_server_config: {key_file: server.key}", "cert_file: missing"),
        ("tls_server_config: {cert_file: no.crt, key_file: server.key}", "cert_file: no.crt: No such file"),
        ("tls_server_config: {cert_file: server.crt, key_file: ca.key}", "certificate and key: "),
        ("tls_server_config: {cert_file: client.crt, key_file: locked.key}", "certificate and key: "),
        ("tls_server_config: {cert_file: names, key_file: server.key}", "certificate and key: "),
        ("tls_server_config: {cert_file: [x], key_file: server.key}", "cert_file: not a text"),
        (f"tls_server_config: {{{PAIR}, min_version: TLS10}}", "min_version: TLS10: no longer safe; TLS12 or TLS13"),
        (f"tls_server_config: {{{PAIR}, max_version: TLS14}}", "max_version: TLS14: not a version"),
        (f"tls_server_config: {{{PAIR}, min_version: TLS13, max_version: TLS12}}", "min_version: above max_version"),
        (f"tls_server_config: {{{PAIR}, cipher_suites: [TLS_RSA_WITH_RC4_128_SHA]}}", "this OpenSSL does not have it"),
        (f"tls_server_config: {{{PAIR}, cipher_suites: x}}", "cipher_suites: not a list of texts"),
        (f"tls_server_config: {{{PAIR}, prefer_server_cipher_suites: 1}}", "not true or false"),
        (f"tls_server_config: {{{PAIR}, client_auth_type: RequireAnyClientCert}}", "RequireAnyClientCert: not one of"),
        (f"tls_server_config: {{{PAIR}, client_auth_type: RequireAndVerifyClientCert}}", "needs client_ca_file"),
        (f"tls_server_config: {{{PAIR}, client_ca_file: ca.crt}}", "does not check client certificates"),
        (f"tls_server_config: {{{PAIR}, client_allowed_sans: [x]}}", "does not check client certificates"),
        (
            f"tls_server_config: {{{PAIR}, client_auth_type: VerifyClientCertIfGiven, client_ca_file: names}}",
            "client_ca_file: ",
        ),
        ("http_server_config: {http2: 2}", "http2: not true or false"),
        ("http_server_config: {port: 1}", "http_server_config.port: unknown key"),
        ("http_server_config: {headers: {Server: x}}", "Server: cannot be set"),
        ("http_server_config: {headers: {X-Frame-Options: never}}", "deny or sameorigin"),
        ('http_server_config: {headers: {X-XSS-Protection: "1\\r\\nX: y"}}', "not a header's value"),
        ("basic_auth_users: {a: secret}", "a: not a bcrypt hash; htpasswd -nB a makes one"),
        ("basic_auth_users: {a: }", "a: not a bcrypt hash"),
        (f'basic_auth_users: {{"a:b": "{HASH}"}}', "a name with a colon"),
    ],
)
def test_faults(folder, text, said):
    """Each fault is one sentence that names its place."""
    found = faults(folder, text)
    assert len([fault for fault in found if said in fault]) == 1, found


def test_all_faults_at_once(folder):
    """Who mends a file need not start four times."""
    text = f"rate: 1\ntls_server_config: {{{PAIR}, min_version: x, nope: 1}}\nbasic_auth_users: {{a: b, c: d}}"
    assert len(faults(folder, text)) == 5


def test_a_password_by_mistake_is_not_shown(folder):
    """What stands in a hash's place may be the password itself."""
    assert "hunter2" not in str(faults(folder, "basic_auth_users: {a: hunter2}"))


def test_no_file(tmp_path):
    """A file that is not there is one fault with its path."""
    with pytest.raises(OptionsError, match=r"none\.yml: No such file"):
        read(tmp_path / "none.yml")
