#include "drivers/switch/drivers.h"

#include "base/json_string.h"
#include "drivers/switch/ovsdb_switch.h"

namespace drivers {

namespace {

class Drivers final : public isolation::SwitchDrivers {
 public:
  base::Result<std::unique_ptr<isolation::Switch>> open(const isolation::SwitchRecord& record) override {
    if (record.type != "ovsdb")
      return base::Error{base::Code::kInvalidInput,
                         "no driver for a switch of type " + base::json_string(record.type) + "; there is: ovsdb"};
    TARN_ASSIGN(OvsdbSettings settings, OvsdbSettings::parse(record.settings));
    return std::unique_ptr<isolation::Switch>(std::make_unique<OvsdbSwitch>(std::move(settings)));
  }
};

}  // namespace

std::unique_ptr<isolation::SwitchDrivers> make_switch_drivers() { return std::make_unique<Drivers>(); }

}  // namespace drivers
