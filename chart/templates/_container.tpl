{{/*
The exporter's container. The Deployment uses it, a sidecar's host gets it by way of NOTES.txt, and an umbrella chart
includes it with `index .Subcharts "kubecost-allocation-exporter"`.
*/}}
{{- define "kubecost-allocation-exporter.container" -}}
name: {{ include "kubecost-allocation-exporter.name" . }}
image: {{ include "kubecost-allocation-exporter.image" . | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
args:
  {{- include "kubecost-allocation-exporter.args" . | trim | nindent 2 }}
{{- $basic := .Values.kubecost.auth.basic }}
{{- if or .Values.env $basic.usernameKey }}
env:
  {{- if $basic.usernameKey }}
  - name: KUBECOST_EXPORTER_KUBECOST_USERNAME
    valueFrom:
      secretKeyRef:
        name: {{ $basic.existingSecret | quote }}
        key: {{ $basic.usernameKey | quote }}
  {{- end }}
  {{- with .Values.env }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}
{{- with .Values.envFrom }}
envFrom:
  {{- toYaml . | nindent 2 }}
{{- end }}
ports:
  - name: metrics
    containerPort: {{ .Values.web.port }}
    protocol: TCP
{{- with .Values.startupProbe }}
startupProbe:
  {{- include "kubecost-allocation-exporter.probe" (list $ . "/healthz") | nindent 2 }}
{{- end }}
{{- with .Values.livenessProbe }}
livenessProbe:
  {{- include "kubecost-allocation-exporter.probe" (list $ . "/healthz") | nindent 2 }}
{{- end }}
{{- with .Values.readinessProbe }}
readinessProbe:
  {{- include "kubecost-allocation-exporter.probe" (list $ . "/readyz") | nindent 2 }}
{{- end }}
{{- with .Values.resources }}
resources:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.securityContext }}
securityContext:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with include "kubecost-allocation-exporter.volumeMounts" . | trim }}
volumeMounts:
  {{- . | nindent 2 }}
{{- end }}
{{- end }}

{{/* Whether the ledger is on a claim; "true" or nothing. */}}
{{- define "kubecost-allocation-exporter.stateClaimed" -}}
{{- $claim := .Values.state.persistence -}}
{{- $usual := or (eq .Values.mode "deployment") $claim.existingClaim -}}
{{- if and .Values.state.enabled (ternary $usual $claim.enabled (kindIs "invalid" $claim.enabled)) }}true{{ end -}}
{{- end }}

{{/* Whether the exporter has a ledger; "true" or nothing. */}}
{{- define "kubecost-allocation-exporter.stateKept" -}}
{{- if or (include "kubecost-allocation-exporter.stateClaimed" .) (and .Values.state.enabled (eq .Values.mode "deployment")) }}true{{ end -}}
{{- end }}

{{- define "kubecost-allocation-exporter.stateClaim" -}}
{{- .Values.state.persistence.existingClaim | default (include "kubecost-allocation-exporter.fullname" .) -}}
{{- end }}

{{- define "kubecost-allocation-exporter.volumeMounts" -}}
{{- range $volume := include "kubecost-allocation-exporter.ownVolumes" . | fromYamlArray }}
{{- $name := trimPrefix "cost-exporter-" $volume.name }}
{{- if eq $name "state" }}
- name: {{ $volume.name }}
  mountPath: /var/lib/kubecost-allocation-exporter
{{- else }}
- name: {{ $volume.name }}
  mountPath: /etc/kubecost-allocation-exporter/{{ $name }}
  readOnly: true
{{- end }}
{{- end }}
{{- with .Values.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* The volumes that the container needs; for an umbrella chart as the container itself. */}}
{{- define "kubecost-allocation-exporter.volumes" -}}
{{- include "kubecost-allocation-exporter.ownVolumes" . | trim }}
{{- with .Values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Each is mounted as a whole, without subPath, so that a rotated Secret arrives. */}}
{{- define "kubecost-allocation-exporter.ownVolumes" -}}
{{- $tls := .Values.kubecost.tls -}}
{{- $auth := .Values.kubecost.auth -}}
{{- $web := .Values.web.config -}}
{{- if $tls.existingSecret }}
{{- $ca := ternary "" $tls.caKey (not (empty $tls.caConfigMap.name)) }}
{{- include "kubecost-allocation-exporter.secretVolume" (list $ "kubecost-tls" $tls.existingSecret $ca $tls.certKey $tls.keyKey) }}
{{- end }}
{{- if $tls.caConfigMap.name }}
- name: cost-exporter-kubecost-ca
  configMap:
    name: {{ $tls.caConfigMap.name | quote }}
    items:
      - key: {{ $tls.caConfigMap.key | quote }}
        path: {{ $tls.caConfigMap.key | quote }}
{{- end }}
{{- if $auth.basic.existingSecret }}
{{- include "kubecost-allocation-exporter.secretVolume" (list $ "kubecost-basic" $auth.basic.existingSecret $auth.basic.passwordKey) }}
{{- end }}
{{- if $auth.bearer.existingSecret }}
{{- include "kubecost-allocation-exporter.secretVolume" (list $ "kubecost-bearer" $auth.bearer.existingSecret $auth.bearer.tokenKey) }}
{{- end }}
{{- if $auth.header.existingSecret }}
{{- include "kubecost-allocation-exporter.secretVolume" (list $ "kubecost-header" $auth.header.existingSecret $auth.header.key) }}
{{- end }}
{{- if $web.existingSecret }}
{{- include "kubecost-allocation-exporter.secretVolume" (list $ "web" $web.existingSecret) }}
{{- else if $web.inline }}
- name: cost-exporter-web
  projected:
    defaultMode: {{ include "kubecost-allocation-exporter.secretMode" . }}
    sources:
      - configMap:
          name: {{ printf "%s-web" (include "kubecost-allocation-exporter.fullname" .) | quote }}
      {{- with $web.tlsSecret }}
      - secret:
          name: {{ . | quote }}
      {{- end }}
{{- end }}
{{- if include "kubecost-allocation-exporter.stateKept" . }}
- name: cost-exporter-state
  {{- if include "kubecost-allocation-exporter.stateClaimed" . }}
  persistentVolumeClaim:
    claimName: {{ include "kubecost-allocation-exporter.stateClaim" . | quote }}
  {{- else }}
  emptyDir: {}
  {{- end }}
{{- end }}
{{- end }}

{{/* (list $ folder secret [key ...]): the Secret's keys, or all of them, as files of that folder. */}}
{{- define "kubecost-allocation-exporter.secretVolume" }}
- name: cost-exporter-{{ index . 1 }}
  secret:
    secretName: {{ index . 2 | quote }}
    defaultMode: {{ include "kubecost-allocation-exporter.secretMode" (index . 0) }}
    {{- with slice . 3 | compact }}
    items:
      {{- range . }}
      - key: {{ . | quote }}
        path: {{ . | quote }}
      {{- end }}
    {{- end }}
{{- end }}

{{/*
Files belong to root. Where the pod has an fsGroup, they are readable by that group alone; a sidecar's host may have none,
so there they are readable by everybody in the container, who is the exporter.
*/}}
{{- define "kubecost-allocation-exporter.secretMode" -}}
{{- if and (eq .Values.mode "deployment") (get (.Values.podSecurityContext | default dict) "fsGroup") }}0440{{ else }}0444{{ end -}}
{{- end }}
