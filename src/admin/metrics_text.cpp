#include "admin/metrics_text.h"

#include "core/text.h"

namespace tipring::admin {

namespace {

void add_escaped(std::string& out, std::string_view text, bool is_label) {
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '\\' || (is_label && c == '"')) out += '\\';
    out += c;
  }
}

std::string seconds_text(Micros value) {
  constexpr int64_t kPerSecond = 1'000'000;
  std::string text = std::to_string(value.count() / kPerSecond);
  int64_t rest = value.count() % kPerSecond;
  if (rest == 0) return text;
  std::string places = std::to_string(kPerSecond + rest).substr(1);
  places.erase(places.find_last_not_of('0') + 1);
  return text + "." + places;
}

}  // namespace

void MetricsText::family(std::string_view name, std::string_view help, std::string_view type) {
  name_ = name;
  text_.append("# HELP ").append(name).append(" ");
  add_escaped(text_, help, false);
  text_.append("\n# TYPE ").append(name).append(" ").append(type).append("\n");
}

void MetricsText::begin(std::string_view suffix, MetricLabels labels, MetricLabel last) {
  text_.append(name_).append(suffix);
  char before = '{';
  const auto add = [&](const MetricLabel& label) {
    text_ += before;
    before = ',';
    text_.append(label.first).append("=\"");
    add_escaped(text_, label.second, true);
    text_ += '"';
  };
  for (const MetricLabel& label : labels) add(label);
  if (!last.first.empty()) add(last);
  if (before == ',') text_ += '}';
  text_ += ' ';
}

void MetricsText::end(std::string_view value) {
  text_.append(value);
  text_ += '\n';
}

void MetricsText::sample(uint64_t value, MetricLabels labels) {
  begin("", labels);
  end(std::to_string(value));
}

void MetricsText::seconds(Micros value, MetricLabels labels) {
  begin("", labels);
  end(seconds_text(value));
}

void MetricsText::bucket(Micros bound, uint64_t count, MetricLabels labels) {
  const std::string text = seconds_text(bound);
  begin("_bucket", labels, {"le", text});
  end(std::to_string(count));
}

void MetricsText::last_bucket(uint64_t count, Micros sum, MetricLabels labels) {
  begin("_bucket", labels, {"le", "+Inf"});
  end(std::to_string(count));
  begin("_sum", labels);
  end(seconds_text(sum));
  begin("_count", labels);
  end(std::to_string(count));
}

}  // namespace tipring::admin
