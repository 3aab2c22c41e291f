# Your clusters: replace all of it. Read by itself, because of its name.
image_registry = "registry.example.com"

clusters = {
  cluster-one = {
    context = "arn:aws:eks:eu-west-1:111122223333:cluster/one"
  }
  cluster-two = {
    context = "gke_my-project_europe-west1_two"
    preset  = "kubecost3"
    # Bearer token that this Kubecost wants: a Secret with the key `token`, made outside of Terraform.
    auth_secret = "kubecost-api-token"
  }
  cluster-three = {
    context           = "three"
    preset            = "opencost"
    release_name      = "opencost"
    release_namespace = "opencost"
    service_labels    = { release = "kube-prometheus-stack" }
    exporter_config   = { "day.utc-offset" = "+05:30" }
  }
}
