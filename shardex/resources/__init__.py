"""The kinds as data: one file a kind, one row a family.

May live here: view structs, facts read from them, tables of families.
May not: anything that runs at import but the building of tuples; I/O; knowledge of stores, workers or HTTP.
"""

from shardex.resources.certificatesigningrequest import CERTIFICATESIGNINGREQUESTS
from shardex.resources.clusterrole import CLUSTERROLES
from shardex.resources.clusterrolebinding import CLUSTERROLEBINDINGS
from shardex.resources.configmap import CONFIGMAPS
from shardex.resources.cronjob import CRONJOBS
from shardex.resources.daemonset import DAEMONSETS
from shardex.resources.deployment import DEPLOYMENTS
from shardex.resources.endpoint import ENDPOINTS
from shardex.resources.endpointslice import ENDPOINTSLICES
from shardex.resources.horizontalpodautoscaler import HORIZONTALPODAUTOSCALERS
from shardex.resources.ingress import INGRESSES
from shardex.resources.ingressclass import INGRESSCLASSES
from shardex.resources.job import JOBS
from shardex.resources.lease import LEASES
from shardex.resources.limitrange import LIMITRANGES
from shardex.resources.mutatingadmissionpolicy import MUTATINGADMISSIONPOLICIES
from shardex.resources.mutatingadmissionpolicybinding import MUTATINGADMISSIONPOLICYBINDINGS
from shardex.resources.mutatingwebhookconfiguration import MUTATINGWEBHOOKCONFIGURATIONS
from shardex.resources.namespace import NAMESPACES
from shardex.resources.networkpolicy import NETWORKPOLICIES
from shardex.resources.node import NODES
from shardex.resources.persistentvolume import PERSISTENTVOLUMES
from shardex.resources.persistentvolumeclaim import PERSISTENTVOLUMECLAIMS
from shardex.resources.pod import PODS
from shardex.resources.poddisruptionbudget import PODDISRUPTIONBUDGETS
from shardex.resources.replicaset import REPLICASETS
from shardex.resources.replicationcontroller import REPLICATIONCONTROLLERS
from shardex.resources.resource import Resource
from shardex.resources.resourcequota import RESOURCEQUOTAS
from shardex.resources.role import ROLES
from shardex.resources.rolebinding import ROLEBINDINGS
from shardex.resources.secret import SECRETS
from shardex.resources.service import SERVICES
from shardex.resources.serviceaccount import SERVICEACCOUNTS
from shardex.resources.statefulset import STATEFULSETS
from shardex.resources.storageclass import STORAGECLASSES
from shardex.resources.validatingadmissionpolicy import VALIDATINGADMISSIONPOLICIES
from shardex.resources.validatingadmissionpolicybinding import VALIDATINGADMISSIONPOLICYBINDINGS
from shardex.resources.validatingwebhookconfiguration import VALIDATINGWEBHOOKCONFIGURATIONS
from shardex.resources.volumeattachment import VOLUMEATTACHMENTS

#: plural -> kind, in output order: by plural, as the peer writes them. The only list of kinds.
RESOURCES: dict[str, Resource] = {
    resource.plural: resource
    for resource in (
        CERTIFICATESIGNINGREQUESTS,
        CLUSTERROLEBINDINGS,
        CLUSTERROLES,
        CONFIGMAPS,
        CRONJOBS,
        DAEMONSETS,
        DEPLOYMENTS,
        ENDPOINTS,
        ENDPOINTSLICES,
        HORIZONTALPODAUTOSCALERS,
        INGRESSCLASSES,
        INGRESSES,
        JOBS,
        LEASES,
        LIMITRANGES,
        MUTATINGADMISSIONPOLICIES,
        MUTATINGADMISSIONPOLICYBINDINGS,
        MUTATINGWEBHOOKCONFIGURATIONS,
        NAMESPACES,
        NETWORKPOLICIES,
        NODES,
        PERSISTENTVOLUMECLAIMS,
        PERSISTENTVOLUMES,
        PODDISRUPTIONBUDGETS,
        PODS,
        REPLICASETS,
        REPLICATIONCONTROLLERS,
        RESOURCEQUOTAS,
        ROLEBINDINGS,
        ROLES,
        SECRETS,
        SERVICEACCOUNTS,
        SERVICES,
        STATEFULSETS,
        STORAGECLASSES,
        VALIDATINGADMISSIONPOLICIES,
        VALIDATINGADMISSIONPOLICYBINDINGS,
        VALIDATINGWEBHOOKCONFIGURATIONS,
        VOLUMEATTACHMENTS,
    )
}
