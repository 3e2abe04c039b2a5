// The text against the format's document, and what is our own bug.
#include "net/metrics.h"

#include <gtest/gtest.h>

#include <limits>
#include <thread>

namespace net {
namespace {

TEST(Metrics, CountersAndGaugesReadAsTheFormatHasIt) {
  Metrics metrics;
  metrics.declare_counter("b_total", "counts \\ and\nmore");
  metrics.declare_gauge("a", "one \"now\"");
  metrics.declare_gauge("unused", "nothing yet");
  metrics.add("b_total", {{"x", "1"}, {"y", "q\"b\\n\n"}});
  metrics.add("b_total", {{"x", "1"}, {"y", "q\"b\\n\n"}}, 2);
  metrics.add("b_total", {{"x", "0"}}, 1e15);
  metrics.set("a", {}, 4);
  metrics.set("a", {}, -0.25);
  EXPECT_EQ(metrics.text(),
            "# HELP a one \"now\"\n# TYPE a gauge\na -0.25\n"
            "# HELP b_total counts \\\\ and\\nmore\n# TYPE b_total counter\n"
            "b_total{x=\"0\"} 1e+15\nb_total{x=\"1\",y=\"q\\\"b\\\\n\\n\"} 3\n"
            "# HELP unused nothing yet\n# TYPE unused gauge\n");
}

TEST(Metrics, HistogramsCountUpwards) {
  Metrics metrics;
  metrics.declare_histogram("t_seconds", "time", {0.1, 1});
  for (const double value : {0.0, 0.1, 0.5, 1.0, 2.0}) metrics.observe("t_seconds", {{"phase", "p"}}, value);
  EXPECT_EQ(metrics.text(),
            "# HELP t_seconds time\n# TYPE t_seconds histogram\n"
            "t_seconds_bucket{phase=\"p\",le=\"0.1\"} 2\nt_seconds_bucket{phase=\"p\",le=\"1\"} 4\n"
            "t_seconds_bucket{phase=\"p\",le=\"+Inf\"} 5\n"
            "t_seconds_sum{phase=\"p\"} 3.6\nt_seconds_count{phase=\"p\"} 5\n");
}

TEST(Metrics, NumbersThatAreNone) {
  Metrics metrics;
  metrics.declare_gauge("g", "");
  metrics.set("g", {{"n", "a"}}, std::numeric_limits<double>::infinity());
  metrics.set("g", {{"n", "b"}}, -std::numeric_limits<double>::infinity());
  metrics.set("g", {{"n", "c"}}, std::numeric_limits<double>::quiet_NaN());
  EXPECT_EQ(metrics.text(), "# HELP g \n# TYPE g gauge\ng{n=\"a\"} +Inf\ng{n=\"b\"} -Inf\ng{n=\"c\"} NaN\n");
}

TEST(Metrics, ReplaceForgetsWhatIsGone) {
  Metrics metrics;
  metrics.declare_gauge("g", "");
  metrics.replace("g", {{{{"offer", "a"}}, 1}, {{{"offer", "b"}}, 2}});
  metrics.replace("g", {{{{"offer", "b"}}, 3}});
  EXPECT_EQ(metrics.text(), "# HELP g \n# TYPE g gauge\ng{offer=\"b\"} 3\n");
}

TEST(Metrics, AFamilyHasABoundedNumberOfSeries) {
  Metrics metrics;
  metrics.declare_counter("c_total", "");
  for (std::size_t i = 0; i < Metrics::kMaxSeries + 100; ++i) metrics.add("c_total", {{"i", std::to_string(i)}});
  const std::string text = metrics.text();
  EXPECT_EQ(static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')), Metrics::kMaxSeries + 2);
}

TEST(Metrics, CountFromManyThreads) {
  Metrics metrics;
  metrics.declare_counter("c_total", "");
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i)
      threads.emplace_back([&] {
        for (int j = 0; j < 1000; ++j) metrics.add("c_total");
      });
  }
  EXPECT_NE(metrics.text().find("c_total 4000\n"), std::string::npos);
}

TEST(MetricsDeathTest, WrongUseIsOurOwnBug) {
  Metrics metrics;
  metrics.declare_gauge("g", "");
  EXPECT_DEATH(metrics.declare_counter("g", ""), "");
  EXPECT_DEATH(metrics.declare_gauge("no name", ""), "");
  metrics.declare_histogram("h", "", {1});
  EXPECT_DEATH(metrics.add("g"), "");
  EXPECT_DEATH(metrics.set("h", {}, 1), "");
  EXPECT_DEATH(metrics.observe("g", {}, 1), "");
  EXPECT_DEATH(metrics.set("unknown", {}, 1), "");
  EXPECT_DEATH(metrics.set("g", {{"a=\"b\"", ""}}, 1), "");
}

}  // namespace
}  // namespace net
