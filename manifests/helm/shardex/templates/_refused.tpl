{{- /* Every value that cannot be had, with what to do instead; all of them at once. */ -}}
{{- define "shardex.refuse" -}}
{{- $resources := .Files.Get "resources.yaml" | fromYaml -}}
{{- $faults := list -}}
{{- range concat (include "shardex.list" .Values.collectors | fromYamlArray) (include "shardex.list" .Values.collectorsExtra | fromYamlArray) -}}
{{- if not (hasKey $resources .) -}}
{{- $faults = append $faults (printf "collectors: there is no %s; there are %s" . (keys $resources | sortAlpha | join ", ")) -}}
{{- end -}}
{{- end -}}
{{- if and (gt (int .Values.replicas) 1) (not .Values.autosharding.enabled) -}}
{{- $faults = append $faults "replicas: more than one pod without autosharding.enabled would export every series several times" -}}
{{- end -}}
{{- if and (not .Values.rbac.useClusterRole) (not (include "shardex.namespaces" . | fromYamlArray)) -}}
{{- $faults = append $faults "rbac.useClusterRole=false: name the namespaces in `namespaces`, or set releaseNamespace" -}}
{{- end -}}
{{- if and .Values.metricAllowlist .Values.metricDenylist -}}
{{- $faults = append $faults "metricAllowlist and metricDenylist: use one of them" -}}
{{- end -}}
{{- if and .Values.scaler.enabled (not .Values.autosharding.enabled) -}}
{{- $faults = append $faults "scaler.enabled: it needs autosharding.enabled, since it sets the replicas of a StatefulSet" -}}
{{- end -}}
{{- if eq (int .Values.service.port) (int .Values.selfMonitor.telemetryPort) -}}
{{- $faults = append $faults (printf "service.port and selfMonitor.telemetryPort are both %d" (int .Values.service.port)) -}}
{{- end -}}
{{- if regexMatch "(^| )--ready-file" (join " " .Values.extraArgs) -}}
{{- $faults = append $faults "extraArgs: --ready-file is set where there is a lock, with a probe that looks there" -}}
{{- end -}}
{{- if dig "enabled" false (.Values.kubeRBACProxy | default dict) -}}
{{- $faults = append $faults "kubeRBACProxy: set authFilter.enabled instead; the exporter asks the API server itself" -}}
{{- end -}}
{{- if dig "enabled" false (.Values.verticalPodAutoscaler | default dict) -}}
{{- $faults = append $faults "verticalPodAutoscaler: set resources; scaler.enabled tells how many pods they are enough for" -}}
{{- end -}}
{{- if dig "scrapeconfig" "enabled" false .Values.prometheus -}}
{{- $faults = append $faults "prometheus.scrapeconfig: set prometheus.monitor.enabled, or extraManifests; a static address would show one shard of many" -}}
{{- end -}}
{{- if ne (dig "type" "ClusterIP" .Values.service) "ClusterIP" -}}
{{- $faults = append $faults "service.type: the Service is headless, so that every pod is scraped; put another one beside it with extraManifests" -}}
{{- end -}}
{{- range $key := list "nodePort" "loadBalancerIP" "loadBalancerSourceRanges" "clusterIP" -}}
{{- if index $.Values.service $key -}}
{{- $faults = append $faults (printf "service.%s: the Service is headless, so that every pod is scraped" $key) -}}
{{- end -}}
{{- end -}}
{{- if dig "clusterRoleSelectors" list .Values.rbac -}}
{{- $faults = append $faults "rbac.clusterRoleSelectors: make the aggregated ClusterRole yourself and name it in rbac.useExistingRole" -}}
{{- end -}}
{{- if $faults -}}
{{- fail (printf "\n  %s" (join "\n  " $faults)) -}}
{{- end -}}
{{- end -}}
