{{- define "shardex.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "shardex.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) | trunc 52 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "shardex.namespace" -}}
{{- default .Release.Namespace .Values.namespaceOverride -}}
{{- end -}}

{{- define "shardex.serviceAccountName" -}}
{{- default (ternary (include "shardex.fullname" .) "default" .Values.serviceAccount.create) .Values.serviceAccount.name -}}
{{- end -}}

{{- define "shardex.selectorLabels" -}}
{{- if .Values.selectorOverride -}}
{{- toYaml .Values.selectorOverride -}}
{{- else -}}
app.kubernetes.io/name: {{ include "shardex.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}
{{- end -}}

{{- define "shardex.scalerSelectorLabels" -}}
app.kubernetes.io/name: {{ include "shardex.name" . }}-scaler
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- /* Labels that every object and every pod has. The chart's version is not among them: a new chart is no reason to
restart pods that run the same version with the same arguments. */ -}}
{{- define "shardex.commonLabels" -}}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/part-of: {{ include "shardex.name" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
{{- with .Values.customLabels }}
{{ tpl (toYaml .) $ }}
{{- end }}
{{- if .Values.releaseLabel }}
release: {{ .Release.Name }}
{{- end }}
{{- end -}}

{{- define "shardex.podLabels" -}}
{{ include "shardex.selectorLabels" . }}
app.kubernetes.io/component: exporter
{{ include "shardex.commonLabels" . }}
{{- end -}}

{{- define "shardex.scalerPodLabels" -}}
{{ include "shardex.scalerSelectorLabels" . }}
app.kubernetes.io/component: scaler
{{ include "shardex.commonLabels" . }}
{{- end -}}

{{- define "shardex.chartLabel" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- end -}}

{{- define "shardex.labels" -}}
{{ include "shardex.podLabels" . }}
{{ include "shardex.chartLabel" . }}
{{- end -}}

{{- define "shardex.scalerLabels" -}}
{{ include "shardex.scalerPodLabels" . }}
{{ include "shardex.chartLabel" . }}
{{- end -}}

{{- define "shardex.replicas" -}}
{{- ternary .Values.replicas .Values.replicaCount (kindIs "invalid" .Values.replicaCount) -}}
{{- end -}}

{{- define "shardex.image" -}}
{{- $registry := default .Values.image.registry .Values.global.imageRegistry -}}
{{- with $registry }}{{ . }}/{{ end -}}
{{- .Values.image.repository }}:{{ default .Chart.AppVersion .Values.image.tag -}}
{{- with .Values.image.sha }}@{{ ternary . (printf "sha256:%s" .) (hasPrefix "sha256:" .) }}{{ end -}}
{{- end -}}

{{- define "shardex.imagePullSecrets" -}}
{{- range concat .Values.global.imagePullSecrets .Values.imagePullSecrets }}
- name: {{ ternary . (dict "name" .) (kindIs "map" .) | dig "name" "" }}
{{- end }}
{{- end -}}

{{- define "shardex.customResourceStateName" -}}
{{- default (printf "%s-customresourcestate-config" (include "shardex.fullname" .)) .Values.customResourceState.name -}}
{{- end -}}
