/* Labels the boxes of the admin's autocomplete fields, because Select2 gives them no accessible name. */
const labelBoxes = () => {
  for (const box of document.querySelectorAll(".select2-selection [role=textbox]:not([aria-label])")) {
    const select = box.closest(".select2-container").previousElementSibling;
    const label = select?.labels?.[0]?.textContent.replace(/:\s*$/, "").trim();
    if (label) box.setAttribute("aria-label", label);
  }
};
/* Select2 starts when jQuery considers the page ready, which may be after this script has run. */
new MutationObserver(labelBoxes).observe(document.documentElement, { childList: true, subtree: true });
labelBoxes();
