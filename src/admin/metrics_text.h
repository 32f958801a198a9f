// Writes metrics in the text format of Prometheus, version 0.0.4: families with their help and type,
// then their samples.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "core/histogram.h"

namespace tipring::admin {

using MetricLabel = std::pair<std::string_view, std::string_view>;
using MetricLabels = std::initializer_list<MetricLabel>;

class MetricsText {
 public:
  static constexpr std::string_view kContentType = "text/plain; version=0.0.4; charset=utf-8";

  // The samples that follow are of this family. A counter's name ends in _total, and a unit in the
  // name is a base unit: seconds, bytes.
  void counter(std::string_view name, std::string_view help) { family(name, help, "counter"); }
  void gauge(std::string_view name, std::string_view help) { family(name, help, "gauge"); }
  void histogram(std::string_view name, std::string_view help) { family(name, help, "histogram"); }

  void sample(uint64_t value, MetricLabels labels = {});
  // A family of one.
  void counter(std::string_view name, std::string_view help, uint64_t value) {
    counter(name, help);
    sample(value);
  }
  void gauge(std::string_view name, std::string_view help, uint64_t value) {
    gauge(name, help);
    sample(value);
  }
  // A family of some that differ by the value of one label.
  using Numbers = std::initializer_list<std::pair<std::string_view, uint64_t>>;
  void counter(std::string_view name, std::string_view help, std::string_view label,
               Numbers numbers) {
    counter(name, help);
    for (const auto& [value, number] : numbers) sample(number, {{label, value}});
  }
  void gauge(std::string_view name, std::string_view help, std::string_view label,
             Numbers numbers) {
    gauge(name, help);
    for (const auto& [value, number] : numbers) sample(number, {{label, value}});
  }
  // Seconds, with six places at most.
  void seconds(Micros value, MetricLabels labels = {});

  // All samples of one histogram. `bounds_us` in microseconds; one count more than there are bounds,
  // each of what is within its bound and beyond the one before.
  template <class Buckets>
  void buckets(const Buckets& of, MetricLabels labels = {}) {
    uint64_t all = 0;
    for (size_t i = 0; i < Buckets::bounds().size(); ++i) {
      all += of.counts[i];
      bucket(Micros{Buckets::bounds()[i]}, all, labels);
    }
    all += of.counts.back();
    last_bucket(all, Micros{static_cast<int64_t>(of.sum_us)}, labels);
  }

  const std::string& text() const { return text_; }

 private:
  void family(std::string_view name, std::string_view help, std::string_view type);
  void begin(std::string_view suffix, MetricLabels labels, MetricLabel last = {});
  void end(std::string_view value);
  void bucket(Micros bound, uint64_t count, MetricLabels labels);
  void last_bucket(uint64_t count, Micros sum, MetricLabels labels);

  std::string name_;
  std::string text_;
};

}  // namespace tipring::admin
