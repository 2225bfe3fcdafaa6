// SPDX-License-Identifier: Apache-2.0
// A scan on a page without a bench: it fills the first field of form[data-takes-scan], which is sent.
"use strict";

document.addEventListener("osteon:scan", (event) => {
  const field = document.querySelector("form[data-takes-scan] input:not([type=hidden])");
  if (!field) return;
  event.preventDefault();
  field.value = event.detail.text;
  field.form.requestSubmit();
});
