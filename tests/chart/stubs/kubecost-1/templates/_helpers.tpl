{{- define "cost-analyzer.serviceName" -}}{{ .Release.Name }}-cost-analyzer{{- end }}
{{- define "cost-analyzer.networkCostsName" -}}{{ .Release.Name }}-network-costs{{- end }}
