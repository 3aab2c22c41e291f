# The clusters, and where the chart and the image are. Nothing here is secret, and nothing secret may come here: values
# of a helm_release lie in the state as plain text. Credentials are Secrets in the clusters, named by `existingSecret`.

variable "chart" {
  description = "The chart: a folder or .tgz file, or its name in `chart_repository`."
  type        = string
  default     = "../.."
}

variable "chart_repository" {
  description = "Repository of the chart, for instance oci://registry.example.com/charts; null: `chart` is a path."
  type        = string
  default     = null
}

variable "chart_version" {
  description = "Version of the chart; null: what the path holds."
  type        = string
  default     = null
}

variable "image_registry" {
  description = "Registry that you pushed the image to."
  type        = string
  default     = "registry.example.com"
}

variable "kubeconfig" {
  description = "Kubeconfig with a context for every cluster."
  type        = string
  default     = "~/.kube/config"
}

variable "clusters" {
  description = "The clusters by name. The name becomes the label `cluster` of every series."
  type = map(object({
    context           = string
    preset            = optional(string, "kubecost2")
    release_name      = optional(string, "kubecost")
    release_namespace = optional(string, "kubecost")
    namespace         = optional(string, "costs")
    auth_secret       = optional(string, "")
    service_monitor   = optional(bool, true)
    service_labels    = optional(map(string), {})
    exporter_config   = optional(map(string), {})
    additional_values = optional(list(string), [])
  }))
}

variable "disabled_clusters" {
  description = "Clusters that the exporter is removed from. Leave one in `clusters` until that is done."
  type        = set(string)
  default     = []
}
