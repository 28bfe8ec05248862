{{- /* To the API server, by the ports that distributions give it, and to DNS. */ -}}
{{- define "shardex.egress" -}}
- ports:
    {{- range list 443 6443 8443 16443 }}
    - port: {{ . }}
    {{- end }}
    - port: 53
    - port: 53
      protocol: UDP
{{- end -}}
