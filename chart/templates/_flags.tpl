{{/* Flags that have values of their own, and which. */}}
{{- define "kubecost-allocation-exporter.managedFlags" -}}
kubecost.ca-file: kubecost.tls.existingSecret or kubecost.tls.caConfigMap
kubecost.cert-file: kubecost.tls.certKey
kubecost.header-file: kubecost.auth.header
kubecost.key-file: kubecost.tls.keyKey
kubecost.password-file: kubecost.auth.basic
kubecost.server-name: kubecost.tls.serverName
kubecost.tls-verify: kubecost.tls.insecureSkipVerify
kubecost.token-file: kubecost.auth.bearer
kubecost.url: kubecost.preset or kubecost.url
kubecost.username: kubecost.auth.basic
state.path: state
web.config.file: web.config
web.listen-address: web.address and web.port
{{- end }}

{{/* The managed flags as the values set them: a map. */}}
{{- define "kubecost-allocation-exporter.ownFlags" -}}
{{- $folder := "/etc/kubecost-allocation-exporter" -}}
{{- $tls := .Values.kubecost.tls -}}
{{- $auth := .Values.kubecost.auth -}}
kubecost.url: {{ include "kubecost-allocation-exporter.kubecostUrl" . | quote }}
{{- with include "kubecost-allocation-exporter.kubecostApi" . }}
kubecost.api: {{ . }}
{{- end }}
{{- if $tls.caConfigMap.name }}
kubecost.ca-file: {{ printf "%s/kubecost-ca/%s" $folder $tls.caConfigMap.key | quote }}
{{- else if and $tls.existingSecret $tls.caKey }}
kubecost.ca-file: {{ printf "%s/kubecost-tls/%s" $folder $tls.caKey | quote }}
{{- end }}
{{- if $tls.certKey }}
kubecost.cert-file: {{ printf "%s/kubecost-tls/%s" $folder $tls.certKey | quote }}
kubecost.key-file: {{ printf "%s/kubecost-tls/%s" $folder $tls.keyKey | quote }}
{{- end }}
{{- with $tls.serverName }}
kubecost.server-name: {{ . | quote }}
{{- end }}
{{- if $tls.insecureSkipVerify }}
kubecost.tls-verify: "false"
{{- end }}
{{- if $auth.basic.existingSecret }}
{{- if not $auth.basic.usernameKey }}
kubecost.username: {{ $auth.basic.username | quote }}
{{- end }}
kubecost.password-file: {{ printf "%s/kubecost-basic/%s" $folder $auth.basic.passwordKey | quote }}
{{- end }}
{{- if $auth.bearer.existingSecret }}
kubecost.token-file: {{ printf "%s/kubecost-bearer/%s" $folder $auth.bearer.tokenKey | quote }}
{{- end }}
{{- if $auth.header.existingSecret }}
kubecost.header-file: {{ printf "%s/kubecost-header/%s" $folder $auth.header.key | quote }}
{{- end }}
{{- if include "kubecost-allocation-exporter.stateKept" . }}
state.path: /var/lib/kubecost-allocation-exporter/state
{{- end }}
{{ include "kubecost-allocation-exporter.webFlags" . }}
{{- end }}

{{/* How the web side is reached: of the daemon, and of its healthcheck. */}}
{{- define "kubecost-allocation-exporter.webFlags" -}}
{{- if .Values.web.config.existingSecret }}
web.config.file: {{ printf "/etc/kubecost-allocation-exporter/web/%s" .Values.web.config.key | quote }}
{{- else if .Values.web.config.inline }}
web.config.file: /etc/kubecost-allocation-exporter/web/web-config.yml
{{- end }}
web.listen-address: {{ printf "%s:%d" .Values.web.address (int .Values.web.port) | quote }}
{{- end }}

{{/* A value of `config` as the text of a flag. Helm reads whole numbers as floating-point ones. */}}
{{- define "kubecost-allocation-exporter.flagValue" -}}
{{- if kindIs "slice" . -}}
{{- join "," . -}}
{{- else if and (kindIs "float64" .) (eq . (floor .)) -}}
{{- printf "%.0f" . -}}
{{- else -}}
{{- toString . -}}
{{- end -}}
{{- end }}

{{/* All arguments, sorted by flag, so that nothing but a change of the values rolls the pod. */}}
{{- define "kubecost-allocation-exporter.args" -}}
{{- $flags := include "kubecost-allocation-exporter.ownFlags" . | fromYaml -}}
{{- range $flag, $value := .Values.config -}}
{{- if not (kindIs "invalid" $value) -}}
{{- $_ := set $flags $flag (include "kubecost-allocation-exporter.flagValue" $value) -}}
{{- end -}}
{{- end -}}
{{- range $flag, $value := $flags }}
- {{ printf "--%s=%s" $flag $value | quote }}
{{- end }}
{{- range .Values.extraArgs }}
- {{ . | quote }}
{{- end }}
{{- end }}
