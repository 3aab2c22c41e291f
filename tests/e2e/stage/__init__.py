"""What end-to-end tests are made of: the real programs, a simulated Kubecost, a real Prometheus, what they should say."""
