"""What a kind is: where it is listed, how it is decoded, what it prints."""

import msgspec

from shardex.exposition.family import Family


class Resource(msgspec.Struct, frozen=True):
    """One kind of object and its table of families.

    api          group and version as paths have them: "v1", "apps/v1"
    plural       the resource's name in URLs and flags: "deployments"
    kind         the object's kind: "Deployment"
    object       the view struct one object decodes to
    identity     (label, attribute path) pairs every family starts with
    families     the rows, in output order
    namespaced   whether objects live in namespaces
    default      enabled unless --resources says otherwise
    nests        objects hold lists that look like a list of objects: the seams of a list's body are verified
    fallbacks    older APIs with the same shape, best first, for servers that lack `api`
    """

    api: str
    plural: str
    kind: str
    object: type
    identity: tuple[tuple[str, str], ...]
    families: tuple[Family, ...]
    namespaced: bool = True
    default: bool = True
    nests: bool = False
    fallbacks: tuple[str, ...] = ()

    @property
    def group(self) -> str:
        """API group; "" for the core group."""
        return self.api.rpartition("/")[0]
