{{/* Name and namespace of Kubecost's or OpenCost's own release. */}}
{{- define "kubecost-allocation-exporter.kubecostProduct" -}}
{{- if eq .Values.kubecost.preset "opencost" }}opencost{{ else }}kubecost{{ end -}}
{{- end }}

{{- define "kubecost-allocation-exporter.kubecostNamespace" -}}
{{- .Values.kubecost.namespace | default (include "kubecost-allocation-exporter.kubecostProduct" .) -}}
{{- end }}

{{- define "kubecost-allocation-exporter.kubecostService" -}}
{{- $release := .Values.kubecost.releaseName | default (include "kubecost-allocation-exporter.kubecostProduct" .) -}}
{{- if eq .Values.kubecost.preset "kubecost3" -}}
{{- printf "%s-frontend" $release -}}
{{- else if ne .Values.kubecost.preset "opencost" -}}
{{- printf "%s-cost-analyzer" $release -}}
{{- else if contains "opencost" $release -}}
{{- $release -}}
{{- else -}}
{{- printf "%s-opencost" $release -}}
{{- end -}}
{{- end }}

{{/* Whether the preset's address is the loopback: OpenCost's own pod is the sidecar's host. */}}
{{- define "kubecost-allocation-exporter.kubecostOnLoopback" -}}
{{- if and (eq .Values.mode "sidecar") (eq .Values.kubecost.preset "opencost") (not .Values.kubecost.url) }}true{{ end -}}
{{- end }}

{{- define "kubecost-allocation-exporter.kubecostUrl" -}}
{{- $scheme := ternary "https" "http" .Values.kubecost.tls.enabled -}}
{{- $port := ternary 9003 9090 (eq .Values.kubecost.preset "opencost") -}}
{{- if .Values.kubecost.url -}}
{{- .Values.kubecost.url -}}
{{- else if include "kubecost-allocation-exporter.kubecostOnLoopback" . -}}
{{- printf "%s://127.0.0.1:%d" $scheme $port -}}
{{- else -}}
{{- $service := include "kubecost-allocation-exporter.kubecostService" . -}}
{{- printf "%s://%s.%s:%d" $scheme $service (include "kubecost-allocation-exporter.kubecostNamespace" .) $port -}}
{{- end -}}
{{- end }}

{{- define "kubecost-allocation-exporter.kubecostPort" -}}
{{- $url := include "kubecost-allocation-exporter.kubecostUrl" . -}}
{{- $port := regexFind ":[0-9]+$" (urlParse $url).host | trimPrefix ":" -}}
{{- $port | default (ternary "443" "80" (hasPrefix "https://" $url)) -}}
{{- end }}

{{/* The path, as far as the preset knows it; otherwise the exporter finds it by asking. */}}
{{- define "kubecost-allocation-exporter.kubecostApi" -}}
{{- get (dict "kubecost1" "kubecost" "kubecost2" "kubecost" "kubecost3" "kubecost" "opencost" "opencost") .Values.kubecost.preset -}}
{{- end }}
