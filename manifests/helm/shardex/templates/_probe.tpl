{{- /* A probe: of what, with which values. */ -}}
{{- define "shardex.probe" -}}
httpGet:
  path: {{ .path }}
  port: {{ .port }}
  scheme: {{ upper .probe.httpGet.scheme }}
  {{- with .probe.httpGet.httpHeaders }}
  httpHeaders: {{- toYaml . | nindent 4 }}
  {{- end }}
{{ omit .probe "httpGet" "enabled" | toYaml }}
{{- end -}}

{{- /* Whether callers show a token, as "true" or nothing. */ -}}
{{- define "shardex.asksForTokens" -}}
{{- if or .Values.authFilter.enabled (regexMatch "(^| )--auth-filter(=| |$)" (join " " .Values.extraArgs)) -}}true{{- end -}}
{{- end -}}

{{- /* Whether readiness is shown by --ready-file, as "true" or nothing: the kubelet has no credentials to show at /readyz.
What a --config file says is not known here, and the file does with locks and without. */ -}}
{{- define "shardex.locked" -}}
{{- $flags := regexMatch "(^| )--(tls-config|config)(=| |$)" (join " " .Values.extraArgs) -}}
{{- if or (include "shardex.asksForTokens" .) $flags -}}true{{- end -}}
{{- end -}}

{{- define "shardex.readyFile" -}}/tmp/ready{{- end -}}

{{- /* A probe for the ready file. Its volume outlives a container that was killed; the next one takes the file away, for
which the first probe leaves it the time. */ -}}
{{- define "shardex.readyFileProbe" -}}
exec:
  command: [test, -f, {{ include "shardex.readyFile" . }}]
{{ set (omit . "httpGet" "enabled") "initialDelaySeconds" (max 5 (int .initialDelaySeconds)) | toYaml }}
{{- end -}}
