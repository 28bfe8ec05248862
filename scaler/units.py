"""Numbers as people read them."""

_STEPS = ((1e9, "G"), (1e6, "M"), (1e3, "k"), (1.0, ""))


def written(value: float, unit: str) -> str:
    """Three digits with the prefix that fits: 87.3 MB, 1.2 s, 0.31 cores, 12,000 samples."""
    if unit == "bytes":
        factor, name = next((step for step in _STEPS if abs(value) >= step[0]), _STEPS[-1])
        return f"{digits(value / factor)} {name}B"
    if unit == "seconds":
        return f"{digits(value)} s" if value >= 1 else f"{digits(value * 1e3)} ms"
    if unit in {"samples", "objects", "shards"}:
        return f"{value:,.0f} {unit}"
    return f"{digits(value)} {unit}".strip()


def quantity(size: float) -> str:
    """Bytes as a manifest has them: 512Mi."""
    return f"{round(size) >> 20}Mi"


def digits(value: float) -> str:
    size = abs(value)
    return f"{value:,.0f}" if size >= 100 else f"{value:.1f}" if size >= 10 else f"{value:.2f}"
