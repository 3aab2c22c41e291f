// Everything that flags and environment (flags.h) set, by the room that uses it. The defaults are the product's.
#ifndef EXPORTER_OPTIONS_H_
#define EXPORTER_OPTIONS_H_

#include "base/log.h"
#include "exporter/polling/options.h"
#include "exporter/web/options.h"
#include "kubecost/curl_http_client.h"

namespace exporter {

struct Options {
  kubecost::CurlOptions http;
  polling::Options polling;
  web::Options web;
  base::LogOptions log;
};

}  // namespace exporter

#endif  // EXPORTER_OPTIONS_H_
