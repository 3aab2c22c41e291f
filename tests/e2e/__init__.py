"""End-to-end tests: the real binaries, a simulated Kubecost, a real Prometheus."""
