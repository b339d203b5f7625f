"use strict";
/* Conveniences only: every page works without this file. */

// Submit a form only once, however often its button is pressed.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post") return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  if (event.submitter) event.submitter.setAttribute("aria-disabled", "true");
});

// After the browser's Back button, the form may be submitted again.
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    for (const button of form.querySelectorAll("[aria-disabled]")) button.removeAttribute("aria-disabled");
  }
});

// Move the focus to the summary of errors, so that screen readers read it first.
document.querySelector(".error-summary")?.focus();

// Close an open menu on Escape and on a click outside of it.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = document.querySelector("details.menu[open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

// Show print buttons: <button data-prints hidden>.
for (const button of document.querySelectorAll("[data-prints]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}

// Name the result of the chosen payment method on the button: <button data-pay-now="Pay $65.00" data-pay-later="…">.
const payButton = document.querySelector("[data-pay-now]");
if (payButton) {
  const updatePayButton = () => {
    const method = document.querySelector("input[name=method]:checked");
    const paysNow = method && !["door", "later"].includes(method.value);
    payButton.textContent = paysNow ? payButton.dataset.payNow : payButton.dataset.payLater;
  };
  document.addEventListener("change", updatePayButton);
  updatePayButton();
}

// Send what was typed in another form along, so that its page can show it again: <form data-carries="id of the form">.
for (const form of document.querySelectorAll("form[data-carries]")) {
  form.addEventListener("formdata", (event) => {
    for (const [name, value] of new FormData(document.getElementById(form.dataset.carries))) {
      if (!event.formData.has(name)) event.formData.append(name, value);
    }
  });
}

// Copy the value of a field: <button data-copies="id of the field" data-copied="Copied" hidden>.
for (const button of document.querySelectorAll("[data-copies]")) {
  if (!navigator.clipboard) break;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copies).value);
    button.textContent = button.dataset.copied;
  });
}
