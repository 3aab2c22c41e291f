{{/*
The name in the label app.kubernetes.io/name. Scrape jobs look for it, so neither nameOverride nor the alias of a
dependency changes it.
*/}}
{{- define "kubecost-allocation-exporter.name" -}}
kubecost-allocation-exporter
{{- end }}

{{- define "kubecost-allocation-exporter.fullname" -}}
{{- $name := .Values.nameOverride | default "kubecost-allocation-exporter" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end }}

{{- define "kubecost-allocation-exporter.namespace" -}}
{{- .Values.namespaceOverride | default .Release.Namespace -}}
{{- end }}

{{- define "kubecost-allocation-exporter.selectorLabels" -}}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/name: {{ include "kubecost-allocation-exporter.name" . }}
{{- end }}

{{/* Labels of every resource. */}}
{{- define "kubecost-allocation-exporter.labels" -}}
{{- include "kubecost-allocation-exporter.labelsWith" (list . dict) -}}
{{- end }}

{{/* Labels of a resource that has more of its own: (list $ map). What selectors rest on cannot be overwritten. */}}
{{- define "kubecost-allocation-exporter.labelsWith" -}}
{{- $root := index . 0 -}}
{{- $own := include "kubecost-allocation-exporter.selectorLabels" $root | fromYaml -}}
{{- $_ := set $own "app.kubernetes.io/managed-by" $root.Release.Service -}}
{{- $_ := set $own "app.kubernetes.io/version" $root.Chart.AppVersion -}}
{{- $_ := set $own "helm.sh/chart" (printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-") -}}
{{- toYaml (mergeOverwrite (dict) ($root.Values.commonLabels | default dict) (index . 1 | default dict) $own) -}}
{{- end }}

{{/* The labels of the pod that is scraped: ours, or the host's of a sidecar. */}}
{{- define "kubecost-allocation-exporter.podSelector" -}}
{{- if eq .Values.mode "sidecar" -}}
{{- toYaml .Values.sidecar.podSelector -}}
{{- else -}}
{{- include "kubecost-allocation-exporter.selectorLabels" . -}}
{{- end -}}
{{- end }}

{{- define "kubecost-allocation-exporter.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- .Values.serviceAccount.name | default (include "kubecost-allocation-exporter.fullname" .) -}}
{{- else -}}
{{- .Values.serviceAccount.name | default "default" -}}
{{- end -}}
{{- end }}

{{- define "kubecost-allocation-exporter.image" -}}
{{- $registry := get (.Values.global | default dict) "imageRegistry" | default .Values.image.registry -}}
{{- if $registry }}{{ trimSuffix "/" $registry }}/{{ end }}{{ .Values.image.repository }}
{{- if .Values.image.digest }}@{{ .Values.image.digest }}{{ else }}:{{ .Values.image.tag | default .Chart.AppVersion }}{{ end }}
{{- end }}

{{- define "kubecost-allocation-exporter.imagePullSecrets" -}}
{{- $global := .Values.global | default dict -}}
{{- range concat ($global.imagePullSecrets | default list) (.Values.imagePullSecrets | default list) }}
- name: {{ if kindIs "map" . }}{{ .name | quote }}{{ else }}{{ . | quote }}{{ end }}
{{- end }}
{{- end }}
