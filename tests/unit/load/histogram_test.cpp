#include "tools/load/histogram.h"

#include <doctest/doctest.h>

using tipring::load::Histogram;

TEST_CASE("histogram: quantiles are values that were counted, whatever their order") {
  Histogram histogram;
  for (uint64_t us = 1000; us > 0; --us) histogram.add(us);
  CHECK(histogram.quantile(0.5) == 500);
  CHECK(histogram.quantile(0.99) == 990);
  CHECK(histogram.quantile(0.999) == 999);
  CHECK(histogram.quantile(1) == 1000);
  CHECK(histogram.quantile(0) == 1);
  CHECK(histogram.max() == 1000);
  CHECK(histogram.mean() == doctest::Approx(500.5));
}

TEST_CASE("histogram: what takes longer than a second is as exact") {
  Histogram histogram;
  histogram.add(32'000'017);
  histogram.add(5);
  histogram.add(2'000'003);
  histogram.add(1 << 20);
  CHECK(histogram.quantile(0.25) == 5);
  CHECK(histogram.quantile(0.5) == 1 << 20);
  CHECK(histogram.quantile(0.75) == 2'000'003);
  CHECK(histogram.quantile(1) == 32'000'017);
}

TEST_CASE("histogram: without any value all is zero") {
  const Histogram histogram;
  CHECK(histogram.count() == 0);
  CHECK(histogram.quantile(0.99) == 0);
  CHECK(histogram.mean() == 0);
}
