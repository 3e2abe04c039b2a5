// What a requester has agreed on in one attempt. Private to requester*.cc.
#pragma once

#include "pool/requester.h"

namespace pool {

struct Requester::Agreement {
  Invitation invitation;
  std::vector<Draw::Accepted> accepted;
  std::vector<std::string> addresses;        // by candidate
  std::vector<std::unique_ptr<Line>> lines;  // by candidate; where accepted
  MeshPlan plan;
  std::vector<std::unique_ptr<Line>> drawn_lines;  // by party of the plan
};

inline base::Bytes words(std::string_view text) { return {text.begin(), text.end()}; }

}  // namespace pool
