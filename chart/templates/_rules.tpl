{{/* The groups of the rule file, with the settings of prometheusRule in them, and with what the budgets are made of. */}}
{{- define "kubecost-allocation-exporter.ruleGroups" -}}
{{- $settings := .Values.prometheusRule -}}
{{- $groups := list -}}
{{- range (.Files.Get "rules/kubecost-allocation-exporter.rules.yml" | fromYaml).groups -}}
{{- $rules := list -}}
{{- if hasSuffix "-budgets" .name -}}
{{- range $.Values.budgets -}}
{{- $rules = concat $rules (include "kubecost-allocation-exporter.budgetRecords" . | fromYamlArray) -}}
{{- end -}}
{{- end -}}
{{- range $rule := .rules -}}
{{- $own := get ($settings.alerts | default dict) $rule.alert | default dict -}}
{{- if ne "false" (toString (get $own "enabled")) -}}
{{- $labels := mergeOverwrite (dict) $rule.labels ($settings.alertLabels | default dict) -}}
{{- with $own.severity }}{{ $_ := set $labels "severity" . }}{{ end -}}
{{- with get $own "for" }}{{ $_ := set $rule "for" . }}{{ end -}}
{{- range $name, $value := $own.thresholds -}}
{{- $number := printf "(?m)[-+0-9.e]+(  # %s)$" $name -}}
{{- $_ := set $rule "expr" (regexReplaceAll $number $rule.expr (printf "%v${1}" $value)) -}}
{{- end -}}
{{- with $settings.runbookUrl }}{{ $_ := set $rule.annotations "runbook_url" (replace "{alert}" $rule.alert .) }}{{ end -}}
{{- $rules = append $rules (set $rule "labels" $labels) -}}
{{- end -}}
{{- end -}}
{{- if $rules }}{{ $groups = append $groups (set . "rules" $rules) }}{{ end -}}
{{- end -}}
{{- toYaml $groups -}}
{{- end }}

{{/*
What the newest complete day's month is: that day's start and 13 hours lie on that calendar day at every UTC offset from
-10:30 to +13:00. While no exporter is scraped, the day before the last two hours.
*/}}
{{- define "kubecost-allocation-exporter.newestDay" -}}
(max(last_over_time(kubecost_exporter_day_start_timestamp_seconds[1d])) + 46800 or vector(time() - 93600))
{{- end }}

{{/*
Four series for a budget: its amount, what its month has cost so far, how many closed days of the month are not in that
because Prometheus does not know them, and what the month will have cost at its end. Each day of the month counts with the
last value it was served with; the days to come cost what the last seven days did on average, days on which a namespace
was not there included, hours without a scrape not.
*/}}
{{- define "kubecost-allocation-exporter.budgetRecords" -}}
{{- $labels := dict "cluster" .cluster -}}
{{- $matchers := printf "cluster=%s" (toJson .cluster) -}}
{{- $level := "cluster" -}}
{{- if .namespace -}}
{{- $_ := set $labels "namespace" .namespace -}}
{{- $matchers = printf "%s,namespace=%s" $matchers (toJson .namespace) -}}
{{- $level = "namespace" -}}
{{- end -}}
{{- $day := include "kubecost-allocation-exporter.newestDay" . }}
{{- $cluster := printf "cluster=%s" (toJson .cluster) }}
- record: kubecost_budget_monthly_cost
  expr: vector({{ .monthly }})
  labels:
    {{- toYaml $labels | nindent 4 }}
- record: kubecost_budget_month_cost
  expr: |
    sum(
      {{- include "kubecost-allocation-exporter.daysOfMonth" (list $level $matchers $day) | nindent 6 }}
    )
  labels:
    {{- toYaml $labels | nindent 4 }}
- record: kubecost_budget_month_missing_days
  expr: |
    day_of_month({{ $day }})
    - count(
      {{- include "kubecost-allocation-exporter.daysOfMonth" (list "cluster" $cluster $day) | nindent 6 }}
    )
  labels:
    {{- toYaml $labels | nindent 4 }}
- record: kubecost_budget_projected_cost
  expr: |
    max(kubecost_budget_month_cost{ {{- $matchers }}{{ if not .namespace }},namespace=""{{ end -}} })
    + scalar(
      days_in_month({{ $day }})
      - day_of_month({{ $day }})
    )
    * (
      sum_over_time(max(kubecost_{{ $level }}_total_cost{ {{- $matchers -}} })[7d:1h])
      / count_over_time(max(kubecost_cluster_total_cost{ {{- $cluster -}} })[7d:1h])
      or vector(0)
    )
  labels:
    {{- toYaml $labels | nindent 4 }}
{{- end }}

{{/* Each day of the newest complete day's month, by what it was last served with: (list level matchers day). */}}
{{- define "kubecost-allocation-exporter.daysOfMonth" -}}
label_replace(
  last_over_time(max by (date) (kubecost_{{ index . 0 }}_daily_cost{ {{- index . 1 -}} })[35d:1h]),
  "month", "$1$2", "date", "(....)-(..)-.."
)
* on (month) group_left ()
count_values("month",
  year({{ index . 2 }}) * 100
  + month({{ index . 2 }})
)
{{- end }}

{{- define "kubecost-allocation-exporter.ruleProblems" -}}
{{- $settings := .Values.prometheusRule -}}
{{- $expressions := dict -}}
{{- range (.Files.Get "rules/kubecost-allocation-exporter.rules.yml" | fromYaml).groups -}}
{{- range .rules }}{{ $_ := set $expressions .alert .expr }}{{ end -}}
{{- end -}}
{{- range $alert, $own := $settings.alerts }}
{{- if not (hasKey $expressions $alert) }}
- "prometheusRule.alerts: there is no alert {{ $alert }}"
{{- else }}
{{- range $name, $value := $own.thresholds }}
{{- if not (contains (printf "  # %s\n" $name) (get $expressions $alert)) }}
- "prometheusRule.alerts.{{ $alert }}.thresholds: there is no threshold {{ $name }}"
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- if and $settings.runbookUrl (not (contains "{alert}" $settings.runbookUrl)) }}
- "prometheusRule.runbookUrl must hold {alert}, the place of the alert's name"
{{- end }}
{{- if and .Values.budgets (not $settings.enabled) }}
- "budgets needs prometheusRule.enabled: they are rules"
{{- end }}
{{- $seen := dict }}
{{- range .Values.budgets }}
{{- $key := printf "cluster %s%s" .cluster (empty .namespace | ternary "" (printf ", namespace %s" .namespace)) }}
{{- if hasKey $seen $key }}
- {{ printf "budgets: %s has two budgets" $key | quote }}
{{- end }}
{{- $_ := set $seen $key true }}
{{- end }}
{{- end }}
