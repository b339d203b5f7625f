/* The boxes of the admin's autocomplete fields take their field's label; Select2 leaves them without a name. */
const nameBoxes = () => {
  for (const box of document.querySelectorAll(".select2-selection [role=textbox]:not([aria-label])")) {
    const select = box.closest(".select2-container").previousElementSibling;
    const label = select?.labels?.[0]?.textContent.replace(/:\s*$/, "").trim();
    if (label) box.setAttribute("aria-label", label);
  }
};
/* Select2 starts when jQuery finds the page ready, which may be after it has loaded. */
new MutationObserver(nameBoxes).observe(document.documentElement, { childList: true, subtree: true });
nameBoxes();
