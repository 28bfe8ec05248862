"""The English plural of a kind, which is its name in URLs wherever its author did not think of another."""

#: Ends of words and their plurals, the first that fits. What ends in s otherwise is a plural already.
_ENDS = (
    ("person", "people"),
    ("child", "children"),
    ("datum", "data"),
    ("index", "indices"),
    ("matrix", "matrices"),
    ("vertex", "vertices"),
    ("quiz", "quizzes"),
    ("alias", "aliases"),
    ("status", "statuses"),
    ("leaf", "leaves"),
    ("lf", "lves"),  # shelf, half
    ("ife", "ives"),
    ("bus", "buses"),
    ("sis", "ses"),
    ("ss", "sses"),
    ("s", "s"),
    ("x", "xes"),
    ("tz", "tzes"),
    ("ch", "ches"),
    ("sh", "shes"),
    *((f"{vowel}y", f"{vowel}ys") for vowel in "aeiou"),
    ("y", "ies"),
    ("", "s"),
)


def plural(kind: str) -> str:
    """The plural in lower case: Deployment -> deployments, Policy -> policies, Ingress -> ingresses."""
    word = kind.lower()
    end, replacement = next(pair for pair in _ENDS if word.endswith(pair[0]))
    return word.removesuffix(end) + replacement
