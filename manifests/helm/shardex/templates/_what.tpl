{{- /* What is exported, and from where: the exporter's arguments and its rights both follow these. */ -}}

{{- /* A text with commas, or a list, as a YAML list. */ -}}
{{- define "shardex.list" -}}
{{- $items := list -}}
{{- range (ternary . (splitList "," (toString .)) (kindIs "slice" .)) -}}
{{- with trim (toString .) -}}{{- $items = append $items . -}}{{- end -}}
{{- end -}}
{{- toYaml $items -}}
{{- end -}}

{{- /* Namespaces as a YAML list; [] is all of them. */ -}}
{{- define "shardex.namespaces" -}}
{{- $found := list -}}
{{- range include "shardex.list" .Values.namespaces | fromYamlArray -}}
{{- $found = append $found (tpl . $) -}}
{{- end -}}
{{- if .Values.releaseNamespace -}}
{{- $found = append $found (include "shardex.namespace" .) -}}
{{- end -}}
{{- uniq $found | toYaml -}}
{{- end -}}

{{- /* The kinds of resources.yaml that are on by default, as a YAML list. */ -}}
{{- define "shardex.defaultCollectors" -}}
{{- $found := list -}}
{{- range $plural, $resource := .Files.Get "resources.yaml" | fromYaml -}}
{{- if $resource.default -}}{{- $found = append $found $plural -}}{{- end -}}
{{- end -}}
{{- toYaml $found -}}
{{- end -}}

{{- /* The plurals that are exported, sorted, as a YAML list; none where custom resources are all that is exported. */ -}}
{{- define "shardex.collectors" -}}
{{- $resources := .Files.Get "resources.yaml" | fromYaml -}}
{{- $exclude := include "shardex.list" .Values.collectorsExclude | fromYamlArray -}}
{{- $asked := include "shardex.list" .Values.collectors | fromYamlArray -}}
{{- $found := list -}}
{{- range $asked | default (include "shardex.defaultCollectors" . | fromYamlArray) -}}
{{- if not (has . $exclude) -}}{{- $found = append $found . -}}{{- end -}}
{{- end -}}
{{- $found = concat $found (include "shardex.list" .Values.collectorsExtra | fromYamlArray) -}}
{{- $kept := list -}}
{{- if has "--custom-resource-state-only" (splitList " " (join " " .Values.extraArgs | replace "=true" "")) -}}
{{- $found = list -}}
{{- end -}}
{{- range $found -}}
{{- if or $.Values.rbac.useClusterRole (dig . "namespaced" true $resources) -}}{{- $kept = append $kept . -}}{{- end -}}
{{- end -}}
{{- uniq $kept | sortAlpha | toYaml -}}
{{- end -}}

{{- /* The rules that the collectors need: one an API group. */ -}}
{{- define "shardex.rules" -}}
{{- $resources := .Files.Get "resources.yaml" | fromYaml -}}
{{- $groups := dict -}}
{{- range include "shardex.collectors" . | fromYamlArray -}}
{{- $group := dig . "group" "" $resources -}}
{{- $_ := set $groups $group (append (dig $group list $groups) .) -}}
{{- end -}}
{{- range $group, $plurals := $groups }}
- apiGroups: [{{ $group | quote }}]
  resources: {{ toJson $plurals }}
  verbs: [list, watch]
{{- end }}
{{- with .Values.rbac.extraRules }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- /* What the exporter is started with, as a YAML list. */ -}}
{{- define "shardex.arguments" -}}
{{- $collectors := include "shardex.collectors" . | fromYamlArray -}}
- --port={{ .Values.service.port }}
- --telemetry-port={{ .Values.selfMonitor.telemetryPort }}
{{- with .Values.selfMonitor.telemetryHost }}
- --telemetry-host={{ . }}
{{- end }}
- --workers={{ .Values.workers }}
{{- if .Values.autosharding.enabled }}
- --pod=$(POD_NAME)
- --pod-namespace=$(POD_NAMESPACE)
{{- end }}
{{- if and $collectors (ne (toJson $collectors) (include "shardex.defaultCollectors" . | fromYamlArray | toJson)) }}
- --resources={{ join "," $collectors }}
{{- end }}
{{- with include "shardex.namespaces" . | fromYamlArray }}
- --namespaces={{ join "," . }}
{{- end }}
{{- with include "shardex.list" .Values.namespacesDenylist | fromYamlArray }}
- --namespaces-denylist={{ tpl (join "," .) $ }}
{{- end }}
{{- with .Values.metricAllowlist }}
- {{ printf "--metric-allowlist=%s" (join "," .) | quote }}
{{- end }}
{{- with .Values.metricDenylist }}
- {{ printf "--metric-denylist=%s" (join "," .) | quote }}
{{- end }}
{{- with .Values.metricLabelsAllowlist }}
- {{ printf "--metric-labels-allowlist=%s" (join "," .) | quote }}
{{- end }}
{{- with .Values.metricAnnotationsAllowList }}
- {{ printf "--metric-annotations-allowlist=%s" (join "," .) | quote }}
{{- end }}
{{- if .Values.kubeconfig.enabled }}
- --kubeconfig=/opt/k8s/.kube/config
{{- end }}
{{- if .Values.customResourceState.enabled }}
- --custom-resource-state-config-file=/etc/customresourcestate/{{ .Values.customResourceState.key }}
{{- end }}
{{- if .Values.authFilter.enabled }}
- --auth-filter
{{- end }}
{{- if include "shardex.locked" . }}
- --ready-file={{ include "shardex.readyFile" . }}
{{- end }}
{{- range .Values.extraArgs }}
- {{ quote . }}
{{- end }}
{{- end -}}
