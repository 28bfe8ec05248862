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
