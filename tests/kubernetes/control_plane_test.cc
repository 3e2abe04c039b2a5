#include "support/control_plane.h"

namespace {

class ControlPlaneTest : public support::OnControlPlane {};

TEST_F(ControlPlaneTest, HasWhatItsUsersNeed) {
  EXPECT_GE(plane_.port, 1024);
  EXPECT_NE(plane_.ca_pem.find("BEGIN CERTIFICATE"), std::string::npos);
}

}  // namespace
