// Hunt groups and their members as people see them, from rows as the API has them. Without a server
// there are no calls to show.
#pragma once

#include "app/ctl_rows.h"

namespace tipring::app {

CtlRow shown_group(const CtlRow& row);   // all about one
CtlRow listed_group(const CtlRow& row);  // one of many
CtlRow shown_member(const CtlRow& row);

}  // namespace tipring::app
