#include "tarn/service_metrics.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace tarn {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(ServiceMetrics, CountsFromZero) {
  const ServiceMetrics metrics("1.2.3");
  const std::string text = metrics.text();
  EXPECT_THAT(text, HasSubstr("tarn_build_info{version=\"1.2.3\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("tarn_sessions_total{outcome=\"won\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("tarn_sessions_total{outcome=\"failed\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("tarn_probes_answered_total 0\n"));
}

TEST(ServiceMetrics, EachEventIsCountedUnderItsName) {
  ServiceMetrics metrics("1");
  metrics.session_ended(SessionOutcome::kWon);
  metrics.session_ended(SessionOutcome::kFailed);
  metrics.session_ended(SessionOutcome::kFailed);
  metrics.session_refused("busy");
  metrics.sessions_running(3);
  metrics.session_phase("prepared", 0.2);
  metrics.line_accepted();
  metrics.line_refused("too_many");
  metrics.probe_answered();
  metrics.announced(4);
  metrics.announced(4);
  metrics.dht_nodes(17);
  metrics.coordinate_error(0.25);
  metrics.excluded(2);
  const std::string text = metrics.text();
  for (const char* line :
       {"tarn_sessions_total{outcome=\"won\"} 1", "tarn_sessions_total{outcome=\"failed\"} 2",
        "tarn_sessions_total{outcome=\"lost\"} 0", "tarn_refusals_total{reason=\"busy\"} 1", "tarn_sessions_running 3",
        "tarn_session_phase_seconds_bucket{phase=\"prepared\",le=\"0.1\"} 0",
        "tarn_session_phase_seconds_bucket{phase=\"prepared\",le=\"0.25\"} 1", "tarn_lines_accepted_total 1",
        "tarn_lines_refused_total{reason=\"too_many\"} 1", "tarn_probes_answered_total 1", "tarn_announcements_total 8",
        "tarn_dht_nodes 17", "tarn_coordinate_error 0.25", "tarn_excluded_peers 2"})
    EXPECT_THAT(text, HasSubstr(std::string("\n") + line + "\n"));
}

TEST(ServiceMetrics, OutcomesHaveTheirNames) {
  using enum SessionOutcome;
  const std::pair<SessionOutcome, const char*> names[] = {{kWon, "won"},
                                                          {kUnconfirmed, "unconfirmed"},
                                                          {kDeclined, "declined"},
                                                          {kLost, "lost"},
                                                          {kNotDrawn, "not_drawn"},
                                                          {kNoDraw, "no_draw"},
                                                          {kAbortedNamed, "aborted_named"},
                                                          {kAbortedUnnamed, "aborted_unnamed"},
                                                          {kDeadline, "deadline"},
                                                          {kUnreachable, "unreachable"},
                                                          {kFailed, "failed"}};
  for (const auto& [outcome, name] : names) {
    ServiceMetrics metrics("1");
    metrics.session_ended(outcome);
    EXPECT_THAT(metrics.text(), HasSubstr("tarn_sessions_total{outcome=\"" + std::string(name) + "\"} 1\n"));
  }
}

TEST(ServiceMetrics, FailedSessionsAreToldApart) {
  using base::Code;
  EXPECT_EQ(outcome_of({Code::kPeerMisbehaved, ""}), SessionOutcome::kAbortedNamed);
  EXPECT_EQ(outcome_of({Code::kSomebodyMisbehaved, ""}), SessionOutcome::kAbortedUnnamed);
  EXPECT_EQ(outcome_of({Code::kDeadline, ""}), SessionOutcome::kDeadline);
  EXPECT_EQ(outcome_of({Code::kUnreachable, ""}), SessionOutcome::kUnreachable);
  EXPECT_EQ(outcome_of({Code::kStorage, ""}), SessionOutcome::kFailed);
}

TEST(ServiceMetrics, TheInventoryIsShownAsItIsNow) {
  ServiceMetrics metrics("1");
  inventory::Lease offered, active, returning;
  active.state = inventory::Lease::State::kActive;
  returning.state = inventory::Lease::State::kReturning;
  const std::vector<inventory::Lease> leases = {offered, active, active, returning};
  const std::vector<inventory::Totals> before = {{"small", 14, 5, 3, 2, 4}, {"gone", 1, 1, 0, 0}};
  const std::vector<inventory::Totals> after = {{"small", 10, 10, 0, 0}};
  metrics.inventory(before, leases);
  EXPECT_THAT(metrics.text(), HasSubstr("tarn_units{offer=\"gone\",state=\"free\"} 1\n"
                                        "tarn_units{offer=\"gone\",state=\"held\"} 0\n"
                                        "tarn_units{offer=\"gone\",state=\"leased\"} 0\n"
                                        "tarn_units{offer=\"gone\",state=\"reserved\"} 0\n"
                                        "tarn_units{offer=\"small\",state=\"free\"} 5\n"
                                        "tarn_units{offer=\"small\",state=\"held\"} 3\n"
                                        "tarn_units{offer=\"small\",state=\"leased\"} 2\n"
                                        "tarn_units{offer=\"small\",state=\"reserved\"} 4\n"));
  EXPECT_THAT(metrics.text(), HasSubstr("tarn_leases{state=\"active\"} 2\ntarn_leases{state=\"offered\"} 1\n"
                                        "tarn_leases{state=\"returning\"} 1\n"));
  metrics.inventory(after, {});
  EXPECT_THAT(metrics.text(), HasSubstr("tarn_units{offer=\"small\",state=\"free\"} 10\n"));
  EXPECT_THAT(metrics.text(), Not(HasSubstr("gone")));
  EXPECT_THAT(metrics.text(), HasSubstr("tarn_leases{state=\"active\"} 0\n"));
}

TEST(ServiceMetrics, DeliveriesAreCountedAndTimed) {
  using Kind = inventory::DeliveryEvent::Kind;
  ServiceMetrics metrics("1");
  EXPECT_THAT(metrics.text(), Not(HasSubstr("tarn_deliveries{")));  // where nothing is delivered
  metrics.delivery({Kind::kReady, {1}, 700});
  metrics.delivery({Kind::kFailed, {1}});
  metrics.delivery({Kind::kGone, {1}, 4'000});
  metrics.deliveries({1, 2, 3, 1, false});
  const std::string text = metrics.text();
  EXPECT_THAT(text, HasSubstr("tarn_deliveries{state=\"leaving\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("tarn_delivery_events_total{event=\"failed\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("tarn_delivery_reachable 0\n"));
  EXPECT_THAT(text, HasSubstr("tarn_delivery_seconds_bucket{phase=\"ready\",le=\"1\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("tarn_delivery_seconds_sum{phase=\"gone\"} 4\n"));
}

double figure(const std::string& text, const std::string& name) {
  const std::size_t at = text.find("\n" + name + " ");
  return at == std::string::npos ? -1 : std::stod(text.substr(at + name.size() + 2));
}

TEST(ServiceMetrics, TheProcessIsMeasured) {
  const ServiceMetrics metrics("1");
  const double before = figure(metrics.text(), "process_open_fds");
  EXPECT_GT(before, 2);
  const int fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  EXPECT_EQ(figure(metrics.text(), "process_open_fds"), before + 1);
  ::close(fd);
  EXPECT_GT(figure(metrics.text(), "process_resident_memory_bytes"), 1e6);
  EXPECT_GE(figure(metrics.text(), "process_cpu_seconds_total"), 0);
}

}  // namespace
}  // namespace tarn
