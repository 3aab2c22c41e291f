// The exporter about itself: family D of the metric contract. Each room registers its own families here.
#ifndef METRICS_REGISTRY_H_
#define METRICS_REGISTRY_H_

#include <initializer_list>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "metrics/family.h"

namespace prometheus {
template <typename T>
class Family;
class Counter;
class Gauge;
class Histogram;
class Registry;
}  // namespace prometheus

namespace metrics {

// Holds the families and outlives the handles below. Safe from any thread, as are they.
class Registry {
 public:
  Registry();
  ~Registry();
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  // All families that have a series, and the standard process_* ones, as exposition text of now.
  std::string Serialize() const;

  prometheus::Registry& native() { return *registry_; }

 private:
  const std::unique_ptr<prometheus::Registry> registry_;
};

// The values of a series' labels, in the order of the family's labels.
using LabelValues = std::initializer_list<absl::string_view>;

// A family, given by its row in the table of families. A series exists from its first call on.
template <typename T>
class Handle {
 public:
  Handle(Registry& registry, const Family& family);

 protected:
  std::vector<std::string> labels_;
  prometheus::Family<T>* family_;
};

class Gauges : public Handle<prometheus::Gauge> {
 public:
  using Handle::Handle;
  void Set(LabelValues values, double value) const;
  void Set(double value) const { Set({}, value); }
  // In seconds since the epoch.
  void Set(LabelValues values, absl::Time time) const;
  void Remove(LabelValues values) const;
};

class Counters : public Handle<prometheus::Counter> {
 public:
  using Handle::Handle;
  // Adding 0 shows the series, so that its first increase is seen as one.
  void Add(LabelValues values, double count = 1) const;
};

class Histograms : public Handle<prometheus::Histogram> {
 public:
  Histograms(Registry& registry, const Family& family, std::vector<double> bounds)
      : Handle(registry, family), bounds_(std::move(bounds)) {}
  void Show(LabelValues values) const;
  void Observe(LabelValues values, double value) const;

 private:
  const std::vector<double> bounds_;
};

// A family with one series of value 1, whose labels change. For one thread.
class Info : public Handle<prometheus::Gauge> {
 public:
  using Handle::Handle;
  void Set(LabelValues values);

 private:
  prometheus::Gauge* current_ = nullptr;
};

}  // namespace metrics

#endif  // METRICS_REGISTRY_H_
