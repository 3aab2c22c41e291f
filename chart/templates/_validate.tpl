{{/* What no schema can say: values that contradict each other. All of it is told at once. */}}
{{- define "kubecost-allocation-exporter.validate" -}}
{{- $problems := concat
  (include "kubecost-allocation-exporter.modeProblems" . | fromYamlArray)
  (include "kubecost-allocation-exporter.kubecostProblems" . | fromYamlArray)
  (include "kubecost-allocation-exporter.webProblems" . | fromYamlArray)
  (include "kubecost-allocation-exporter.monitorProblems" . | fromYamlArray)
  (include "kubecost-allocation-exporter.ruleProblems" . | fromYamlArray) -}}
{{- if $problems -}}
{{- fail (printf "\n  %s\n" (join "\n  " $problems)) -}}
{{- end -}}
{{- end }}

{{- define "kubecost-allocation-exporter.modeProblems" -}}
{{- $sidecar := eq .Values.mode "sidecar" -}}
{{- if and $sidecar (not .Values.sidecar.podSelector) }}
{{- if .Values.service.enabled }}
- "sidecar.podSelector is wanted: the labels of the pod that the container was put into, or service.enabled=false"
{{- end }}
{{- if and .Values.podMonitor.enabled (not .Values.podMonitor.selectorOverride) }}
- "sidecar.podSelector is wanted: the labels of the pod that the PodMonitor shall find"
{{- end }}
{{- end }}
{{- if and .Values.sidecar.podSelector (not $sidecar) }}
- "sidecar.podSelector is for mode=sidecar, and mode is {{ .Values.mode }}"
{{- end }}
{{- if and .Values.service.nodePort (eq .Values.service.type "ClusterIP") }}
- "service.nodePort is for service.type=NodePort or LoadBalancer, and that is ClusterIP"
{{- end }}
{{- if and $sidecar .Values.networkPolicy.enabled }}
- "networkPolicy.enabled would close the whole pod of the sidecar's host: let the host's chart make the policy"
{{- end }}
{{- if and .Values.state.persistence.enabled (not .Values.state.enabled) }}
- "state.persistence.enabled needs state.enabled"
{{- end }}
{{- if and .Values.state.persistence.existingClaim (not (include "kubecost-allocation-exporter.stateClaimed" .)) }}
- "state.persistence.existingClaim is used for nothing: state.enabled or state.persistence.enabled is false"
{{- end }}
{{- $managed := include "kubecost-allocation-exporter.managedFlags" . | fromYaml }}
{{- range $flag, $value := .Values.config }}
{{- with get $managed $flag }}
- "config: {{ $flag }} is set by the value {{ . }}"
{{- end }}
{{- end }}
{{- end }}

{{- define "kubecost-allocation-exporter.kubecostProblems" -}}
{{- $kubecost := .Values.kubecost -}}
{{- $tls := $kubecost.tls -}}
{{- if and (eq $kubecost.preset "custom") (not $kubecost.url) }}
- "kubecost.url is wanted with kubecost.preset=custom"
{{- else }}
{{- $url := include "kubecost-allocation-exporter.kubecostUrl" . }}
{{- if and $tls.enabled (not (hasPrefix "https://" $url)) }}
- "kubecost.tls.enabled needs an https:// address, and kubecost.url is {{ $url }}"
{{- end }}
{{- if and (or $tls.existingSecret $tls.caConfigMap.name $tls.serverName $tls.insecureSkipVerify) (not (hasPrefix "https://" $url)) }}
- "kubecost.tls is set, but {{ $url }} is asked without TLS: set kubecost.tls.enabled=true"
{{- end }}
{{- end }}
{{- if ne (empty $tls.certKey) (empty $tls.keyKey) }}
- "kubecost.tls.certKey and kubecost.tls.keyKey belong together"
{{- end }}
{{- if and $tls.certKey (not $tls.existingSecret) }}
- "kubecost.tls.certKey needs kubecost.tls.existingSecret"
{{- end }}
{{- if and $tls.existingSecret (not $tls.certKey) (or (not $tls.caKey) $tls.caConfigMap.name) }}
- "kubecost.tls.existingSecret is used for nothing: set kubecost.tls.caKey, or certKey and keyKey"
{{- end }}
{{- $basic := $kubecost.auth.basic }}
{{- if and $basic.existingSecret (not $basic.username) (not $basic.usernameKey) }}
- "kubecost.auth.basic.username or usernameKey is wanted with kubecost.auth.basic.existingSecret"
{{- end }}
{{- if and (or $basic.username $basic.usernameKey) (not $basic.existingSecret) }}
- "kubecost.auth.basic.existingSecret is wanted: the Secret with the password"
{{- end }}
{{- if and $basic.username $basic.usernameKey }}
- "kubecost.auth.basic.username and usernameKey exclude each other"
{{- end }}
{{- if and $basic.existingSecret $kubecost.auth.bearer.existingSecret }}
- "kubecost.auth.basic and kubecost.auth.bearer exclude each other: both are the header Authorization"
{{- end }}
{{- end }}

{{- define "kubecost-allocation-exporter.webProblems" -}}
{{- $web := .Values.web.config -}}
{{- if and $web.existingSecret $web.inline }}
- "web.config.existingSecret and web.config.inline exclude each other"
{{- end }}
{{- if and $web.tls (not $web.existingSecret) }}
- "web.config.tls says what the file in web.config.existingSecret does, and there is none"
{{- end }}
{{- if and $web.tlsSecret (not (get ($web.inline | default dict) "tls_server_config")) }}
- "web.config.tlsSecret needs web.config.inline.tls_server_config, which names its files"
{{- end }}
{{- if hasKey ($web.inline | default dict) "basic_auth_users" }}
- "web.config.inline: basic_auth_users is secret: put the whole file into a Secret and name that in web.config.existingSecret"
{{- end }}
{{- if include "kubecost-allocation-exporter.webOnLoopback" . }}
{{- if eq .Values.mode "deployment" }}
- "web.address={{ .Values.web.address }} is for mode=sidecar: nobody would reach the exporter"
{{- else if or .Values.service.enabled .Values.podMonitor.enabled }}
- "web.address={{ .Values.web.address }} is reached from inside the pod alone: set service.enabled=false and podMonitor.enabled=false"
{{- end }}
{{- end }}
{{- end }}

{{/* A duration such as 1m30s in seconds; nothing is 0. */}}
{{- define "kubecost-allocation-exporter.seconds" -}}
{{- $units := dict "ms" 0.001 "s" 1.0 "m" 60.0 "h" 3600.0 "d" 86400.0 "w" 604800.0 -}}
{{- $sum := 0.0 -}}
{{- range regexFindAll "[0-9]+[a-z]+" (default "" .) -1 -}}
{{- $sum = addf $sum (mulf (regexFind "[0-9]+" .) (get $units (regexFind "[a-z]+" .))) -}}
{{- end -}}
{{- $sum -}}
{{- end }}

{{- define "kubecost-allocation-exporter.monitorProblems" -}}
{{- if and .Values.serviceMonitor.enabled .Values.podMonitor.enabled }}
- "serviceMonitor.enabled and podMonitor.enabled exclude each other: the exporter would be scraped twice"
{{- end }}
{{- if and .Values.serviceMonitor.enabled (not .Values.service.enabled) (not .Values.serviceMonitor.selectorOverride) }}
- "serviceMonitor.enabled needs service.enabled"
{{- end }}
{{- range $name := list "serviceMonitor" "podMonitor" }}
{{- $monitor := get $.Values $name }}
{{- if and $monitor.podsInterval (hasKey ($monitor.params | default dict) "collect[]") }}
- "{{ $name }}.podsInterval and {{ $name }}.params with collect[] exclude each other"
{{- end }}
{{- range $key := list "interval" "podsInterval" }}
{{- $text := get $monitor $key }}
{{- $seconds := include "kubecost-allocation-exporter.seconds" $text | float64 }}
{{- $timeout := include "kubecost-allocation-exporter.seconds" $monitor.scrapeTimeout | float64 }}
{{- if and $text (gt $seconds 240.0) }}
- "{{ $name }}.{{ $key }}={{ $text }} is longer than 4m: Prometheus takes a series for gone five minutes after its last sample"
{{- end }}
{{- if and $text (lt $seconds $timeout) }}
- "{{ $name }}.{{ $key }}={{ $text }} is shorter than {{ $name }}.scrapeTimeout={{ $monitor.scrapeTimeout }}, which the Prometheus Operator refuses"
{{- end }}
{{- end }}
{{- end }}
{{- if and .Values.prometheusScrapeAnnotations (or .Values.serviceMonitor.enabled .Values.podMonitor.enabled) }}
- "prometheusScrapeAnnotations and a monitor exclude each other: the exporter would be scraped twice"
{{- end }}
{{- end }}
