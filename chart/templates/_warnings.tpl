{{/* What works, but is hardly meant so. NOTES.txt tells it after the installation. */}}
{{- define "kubecost-allocation-exporter.warnings" -}}
{{- $url := include "kubecost-allocation-exporter.kubecostUrl" . -}}
{{- $auth := .Values.kubecost.auth -}}
{{- $credentials := or $auth.basic.existingSecret $auth.bearer.existingSecret $auth.header.existingSecret -}}
{{- $local := regexMatch "^http://(127\\.|localhost[:/]|localhost$|\\[::1\\])" $url -}}
{{- if .Values.kubecost.tls.insecureSkipVerify }}
- "kubecost.tls.insecureSkipVerify takes any certificate: whoever is on the way to Kubecost can forge costs and read credentials."
{{- end }}
{{- if and $credentials (hasPrefix "http://" $url) (not $local) }}
- "credentials are sent to {{ $url }} without TLS: set kubecost.tls.enabled, or an https:// address."
{{- end }}
{{- range $name := list "serviceMonitor" "podMonitor" }}
{{- $monitor := get $.Values $name }}
{{- if and $monitor.enabled (include "kubecost-allocation-exporter.webTls" $) (not $monitor.tlsConfig) }}
- "{{ $name }}.tlsConfig is empty: Prometheus trusts the system's authorities alone, and asks for a pod's address, not for a name."
{{- end }}
{{- end }}
{{- $pod := .Values.podSecurityContext | default dict }}
{{- $user := get (.Values.securityContext | default dict) "runAsUser" | default (get $pod "runAsUser") }}
{{- if and (eq .Values.mode "deployment") (include "kubecost-allocation-exporter.stateClaimed" .) $user (not (get $pod "fsGroup")) }}
- "podSecurityContext.fsGroup is empty: the exporter ends with exit code 2 unless user {{ int64 $user }} may write on the claim of the ledger."
{{- end }}
{{- if .Values.prometheusScrapeAnnotations }}
- "prometheusScrapeAnnotations: a Prometheus that follows them puts the exporter's own namespace and pod on every cost unless its job has honor_labels: true."
{{- end }}
{{- if not (or .Values.image.registry (get (.Values.global | default dict) "imageRegistry") (contains "/" .Values.image.repository)) }}
- "neither image.registry nor global.imageRegistry is set: every node must have the image {{ include "kubecost-allocation-exporter.image" . }} already."
{{- end }}
{{- end }}
