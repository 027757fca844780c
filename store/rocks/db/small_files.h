// Table files that are small for their database. Every start writes what the log held to files of its own, which RocksDB
// moves down its levels as they are where their keys lie apart: messages come in order, so they do. A site whose power
// fails daily would have a few files more each day, all of them open.
#pragma once

#include "store/rocks/db/database.h"

namespace headgate::store {

// Merges neighbours that are small into one, where there are many of them: what is left follows the data, not the
// number of starts. Writes no more at a time than a file may be large. Failure leaves the files as they are. On the
// housekeeper's thread.
void merge_small_files(RocksDb& db);

}  // namespace headgate::store
