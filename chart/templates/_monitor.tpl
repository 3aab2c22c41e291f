{{/*
The endpoints of a ServiceMonitor or PodMonitor: (list $ monitor job container). `job` names the job where no label does;
`container` is the one to scrape where pods are looked for.

What we serve says itself which namespace and pod a cost belongs to. The target's own labels would stick to the series
that have no such label, and change with each new pod: they are dropped, and `instance` stays the same.
*/}}
{{- define "kubecost-allocation-exporter.endpoints" -}}
{{- $root := index . 0 -}}
{{- $monitor := index . 1 -}}
{{- $job := index . 2 -}}
{{- $container := index . 3 -}}
{{- $parts := list (dict "interval" $monitor.interval "params" $monitor.params "suffix" "") -}}
{{- if $monitor.podsInterval -}}
{{- $rest := merge (dict "collect[]" (list "namespace" "cluster" "exporter")) ($monitor.params | default dict) -}}
{{- $pods := merge (dict "collect[]" (list "pod")) ($monitor.params | default dict) -}}
{{- $parts = list
  (dict "interval" $monitor.interval "params" $rest "suffix" "")
  (dict "interval" $monitor.podsInterval "params" $pods "suffix" "-pods") -}}
{{- end -}}
{{- range $parts }}
- port: metrics
  path: {{ include "kubecost-allocation-exporter.telemetryPath" $root | quote }}
  scheme: {{ $monitor.scheme | default (include "kubecost-allocation-exporter.webScheme" $root) }}
  {{- with .interval }}
  interval: {{ . }}
  {{- end }}
  {{- with $monitor.scrapeTimeout }}
  scrapeTimeout: {{ . }}
  {{- end }}
  honorLabels: {{ $monitor.honorLabels }}
  {{- with .params }}
  params:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $monitor.tlsConfig }}
  tlsConfig:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $monitor.basicAuth }}
  basicAuth:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $monitor.authorization }}
  authorization:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $monitor.proxyUrl }}
  proxyUrl: {{ . | quote }}
  {{- end }}
  relabelings:
    {{- if $container }}
    # A host's own container may have a port of that name too.
    - action: keep
      sourceLabels: [__meta_kubernetes_pod_container_name]
      regex: {{ $container }}
    {{- end }}
    - action: labeldrop
      regex: pod|container|endpoint|service|namespace|node
    - action: replace
      targetLabel: instance
      replacement: {{ include "kubecost-allocation-exporter.namespace" $root }}/{{ include "kubecost-allocation-exporter.fullname" $root }}
    {{- if $job }}
    - action: replace
      targetLabel: job
      replacement: {{ $job }}
    {{- end }}
    {{- if .suffix }}
    - action: replace
      sourceLabels: [job]
      targetLabel: job
      replacement: ${1}{{ .suffix }}
    {{- end }}
    {{- with $monitor.relabelings }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with $monitor.metricRelabelings }}
  metricRelabelings:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
{{- end }}
