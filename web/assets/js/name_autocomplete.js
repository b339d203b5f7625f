/* The boxes of the admin's autocomplete fields take their field's label; Select2 leaves them without a name. */
window.addEventListener("load", () => {
  for (const box of document.querySelectorAll(".select2-selection [role=textbox]")) {
    const select = box.closest(".select2-container").previousElementSibling;
    const label = select?.labels?.[0]?.textContent.replace(/:\s*$/, "").trim();
    if (label) box.setAttribute("aria-label", label);
  }
});
