{{- define "cost-analyzer.serviceName" -}}{{ .Release.Name }}-cost-analyzer{{- end }}
{{- define "aggregator.serviceName" -}}{{ .Release.Name }}-aggregator{{- end }}
