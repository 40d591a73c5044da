// SPDX-License-Identifier: Apache-2.0
// The routes by which blobs are uploaded and downloaded (RFC 8620 sections 6.1
// and 6.2).
#ifndef ROOST_JMAP_BLOB_ROUTES_H
#define ROOST_JMAP_BLOB_ROUTES_H

#include "http/http.h"

enum http_step jmap_upload_begin(struct http_exchange *exchange);
enum http_step jmap_upload_resume(struct http_exchange *exchange);
void jmap_upload_end(struct http_exchange *exchange);

enum http_step jmap_download_begin(struct http_exchange *exchange);
enum http_step jmap_download_resume(struct http_exchange *exchange);
void jmap_download_end(struct http_exchange *exchange);

#endif
