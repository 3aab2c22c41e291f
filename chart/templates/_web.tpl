{{/* Whether the web side speaks TLS; "true" or nothing. */}}
{{- define "kubecost-allocation-exporter.webTls" -}}
{{- if or .Values.web.config.tls (get (.Values.web.config.inline | default dict) "tls_server_config") }}true{{ end -}}
{{- end }}

{{/* Whether nobody outside the pod can reach it; "true" or nothing. */}}
{{- define "kubecost-allocation-exporter.webOnLoopback" -}}
{{- if or (hasPrefix "127." .Values.web.address) (has .Values.web.address (list "localhost" "[::1]")) }}true{{ end -}}
{{- end }}

{{- define "kubecost-allocation-exporter.webScheme" -}}
{{- if include "kubecost-allocation-exporter.webTls" . }}https{{ else }}http{{ end -}}
{{- end }}

{{- define "kubecost-allocation-exporter.telemetryPath" -}}
{{- get (.Values.config | default dict) "web.telemetry-path" | default "/metrics" -}}
{{- end }}

{{/*
A probe with the handler that fits the web side, unless it brings its own: (list $ probe path). The kubelet does not reach
the loopback. It has no password and no certificate either, but health is open to everybody.
*/}}
{{- define "kubecost-allocation-exporter.probe" -}}
{{- $root := index . 0 -}}
{{- $probe := deepCopy (index . 1) -}}
{{- if not (or $probe.httpGet $probe.exec $probe.tcpSocket $probe.grpc) -}}
{{- if include "kubecost-allocation-exporter.webOnLoopback" $root -}}
{{- $command := list "/usr/bin/kubecost-allocation-exporter" "healthcheck" -}}
{{- range $flag, $value := include "kubecost-allocation-exporter.webFlags" $root | fromYaml -}}
{{- $command = append $command (printf "--%s=%s" $flag $value) -}}
{{- end -}}
{{- $_ := set $probe "exec" (dict "command" $command) -}}
{{- else -}}
{{- $scheme := include "kubecost-allocation-exporter.webScheme" $root | upper -}}
{{- $_ := set $probe "httpGet" (dict "path" (index . 2) "port" "metrics" "scheme" $scheme) -}}
{{- end -}}
{{- end -}}
{{- toYaml $probe -}}
{{- end }}
