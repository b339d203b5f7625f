"use strict";
/* Comforts only: every page does its work without this file. */

// A form is sent once, however often its button is pressed.
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

// Coming back by the browser's Back button, the form may be sent again.
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    for (const button of form.querySelectorAll("[aria-disabled]")) button.removeAttribute("aria-disabled");
  }
});

// What went wrong is read first.
const summary = document.querySelector(".error-summary");
if (summary) summary.focus();

// An open menu closes on Escape and on a click elsewhere.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const open = document.querySelector("details.menu[open]");
  if (!open) return;
  open.open = false;
  open.querySelector("summary").focus();
});
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

// Native dialogs: <button data-opens="id"> and <button data-closes>.
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-opens]");
  if (opener) document.getElementById(opener.dataset.opens)?.showModal();
  event.target.closest("[data-closes]")?.closest("dialog")?.close();
});

// A filter that changes may apply itself: <form data-applies>.
document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-applies]");
  if (form) form.requestSubmit();
});

// A page that is made to be printed: <button data-prints hidden>.
for (const button of document.querySelectorAll("[data-prints]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}

// The button of an order names the amount where it is paid now: <button data-pays="Pay $65.00">.
const pays = document.querySelector("[data-pays]");
if (pays) {
  const name = () => {
    const way = document.querySelector("input[name=way]:checked");
    pays.textContent = way && !["door", "later"].includes(way.value) ? pays.dataset.pays : "Complete order";
  };
  document.addEventListener("change", name);
  name();
}

// A field can be copied with one tap: <button data-copies="id" hidden>.
for (const button of document.querySelectorAll("[data-copies]")) {
  if (!navigator.clipboard) break;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copies).value);
    button.textContent = "Copied";
  });
}
