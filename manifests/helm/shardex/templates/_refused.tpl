{{- /* Every value that cannot be had, with what to do instead; all of them at once. */ -}}
{{- define "shardex.refuse" -}}
{{- $resources := .Files.Get "resources.yaml" | fromYaml -}}
{{- $faults := list -}}
{{- range concat (include "shardex.list" .Values.collectors | fromYamlArray) (include "shardex.list" .Values.collectorsExtra | fromYamlArray) -}}
{{- if not (hasKey $resources .) -}}
{{- $faults = append $faults (printf "collectors: there is no %s; there are %s" . (keys $resources | sortAlpha | join ", ")) -}}
{{- end -}}
{{- end -}}
{{- if and (gt (include "shardex.replicas" . | int) 1) (not .Values.autosharding.enabled) -}}
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
{{- if and .Values.verticalPodAutoscaler.enabled .Values.scaler.enabled -}}
{{- $faults = append $faults "verticalPodAutoscaler.enabled with scaler.enabled: the scaler counts on the limits that the StatefulSet says; use one of them" -}}
{{- end -}}
{{- if and .Values.prometheus.scrapeconfig.enabled .Values.prometheus.monitor.enabled -}}
{{- $faults = append $faults "prometheus.scrapeconfig.enabled with prometheus.monitor.enabled: every series would be scraped twice; use one of them" -}}
{{- end -}}
{{- if .Values.selfMonitor.telemetryNodePort -}}
{{- $faults = append $faults "selfMonitor.telemetryNodePort: the Service is headless, so that every pod is scraped" -}}
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
