/**
 * Formats a field of digits while it is typed in. The caret stays behind the same digit, and deleting a separator
 * takes the digit before it along; otherwise "12 / " could never be deleted. Answers the new text.
 */
function reformat(input, before, format, event) {
  const deleting = event.inputType === "deleteContentBackward";
  let digits = digitsOf(input.value);
  let kept = digitsOf(input.value.slice(0, input.selectionStart)).length;
  if (deleting && kept > 0 && digits === digitsOf(before)) {
    digits = digits.slice(0, kept - 1) + digits.slice(kept);
    kept -= 1;
  }
  const atEnd = kept === digits.length;
  input.value = format(digits, deleting);
  if (!atEnd) placeCaret(input, kept);
  return input.value;
}

function placeCaret(input, digitsBefore) {
  let caret = 0;
  for (let seen = 0; seen < digitsBefore; caret += 1) if (/\d/.test(input.value[caret])) seen += 1;
  input.setSelectionRange(caret, caret);
}
