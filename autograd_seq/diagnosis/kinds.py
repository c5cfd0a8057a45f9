"""What people get wrong: every kind of mistake, with what a report says of it.

The edits of the true backward pass (`perturb/`) and those of somebody's own lines (`line_edits`) speak with the
same sentences. Each is put so that "it equals the true value" may stand before it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Said(NamedTuple):
    """A kind of mistake, told of one place."""

    category: str
    words: str


@dataclass(frozen=True)
class Kind:
    """A kind of mistake.

    Attributes
    ----------
    category : str
        What reports, marks and hints call it.
    words : str
        What a gradient then is, with {} for what it is told of.
    """

    category: str
    words: str

    def __call__(self, *things: object, of: str = "") -> Said:
        """The sentence about some things; `of` another category than is usual."""
        return Said(of or self.category, self.words.format(*things))


DERIVATIVE = "activation derivative"
OFF_BY_ONE = "off by one"
UPSTREAM = "upstream missing"
WRONG_VALUE = "wrong value"

# the sign, and all of it
SIGN = Kind("sign", "with the opposite sign of {}")
OPPOSITE = Kind("sign", "with the opposite sign")
OF_OPPOSITE_SIGN = Kind("sign", "with {} of the opposite sign")
TURNED_DIFFERENCE = Kind("sign", "with {} in place of {}: the opposite sign")
DOUBLED = Kind("extra factor", "with {} doubled")
NEVER_ASSIGNED = Kind("missing term", "with zeros in place of all of it: nothing reaches the array that is returned")

# a term of a sum
NO_TERM = Kind("missing term", "without the term {}")
NO_TERMS = Kind("missing term", "without the terms {} and {}")
ONLY_TERM = Kind("missing term", "with the term {} only")
ONLY_SUBTRACTED = Kind("missing term", "with {} only, and of the opposite sign")
TERM_TWICE = Kind("extra term", "with the term {} added twice")
SIGN_OF_TERM = Kind("sign", "with the opposite sign of the term {}")
SIGN_OF_TERMS = Kind("sign", "with the opposite sign of the terms {} and {}")
TERM_OF_ANOTHER = Kind("extra term", "with the term {} added, which belongs to {}")
TERM_FOR_TERM = Kind(WRONG_VALUE, "with {}, a term of {}, in place of the term {}")
PLUS_FOR_MINUS = Kind("sign", "with + in place of − in {}")

# what is carried from step to step
NO_CARRY = Kind("no carry", "without what is carried back from the next time step, {}")
CARRY_TWICE = Kind("extra term", "with what is carried back from the next time step added twice, {}")
SIGN_OF_CARRY = Kind("sign", "with the opposite sign of what is carried back, {}")
CARRY_SUMMED = Kind(
    "extra term",
    "with what is carried back from all later time steps: it is added (+=) in place of assigned (=)",
)
CARRY_KEPT = Kind(
    "extra term",
    "with the whole adjoint of the next time step on top of what comes from it: it is never set anew",
)
NEVER_REPLACED = Kind("no carry", "with the carry of the beginning in every time step: it is never replaced")
NOTHING_CARRIED = Kind("no carry", "without anything carried from one time step to the next")
AT_EVERY_STEP = {
    "first": Kind("extra term", "with {}, which belongs to the first step only, added at every time step"),
    "last": Kind("extra term", "with {}, which belongs to the last step only, added at every time step"),
}
AT_THE_OTHER_END = {
    "first": Kind(
        OFF_BY_ONE, "with {}, which belongs to the first step only, given to the step at the other end of the sequence"
    ),
    "last": Kind(
        OFF_BY_ONE, "with {}, which belongs to the last step only, given to the step at the other end of the sequence"
    ),
}

# a factor of a product
NO_FACTOR = Kind("missing factor", "without the factor {}")
EXTRA_FACTOR = Kind("extra factor", "with the factor {}, which does not belong there")
FACTOR_TWICE = Kind("extra factor", "with the factor {} twice")
SUM_FOR_PRODUCT = Kind(WRONG_VALUE, "with the sum {} + {} in place of their product")
EXTRA_TERM = Kind("extra term", "with the term {}, which does not belong there")

# one value in place of another
IN_PLACE_OF = Kind(WRONG_VALUE, "with {} in place of {}")
ANOTHER_VALUE = Kind(WRONG_VALUE, "with another value in its place")
EXCHANGED = Kind(WRONG_VALUE, "with {} and {} exchanged")
FACTORS_EXCHANGED = Kind(WRONG_VALUE, "with {} and {} exchanged: each gets the factor that the other should have")
EXCHANGED_EVERYWHERE = Kind(WRONG_VALUE, "with {} and {} exchanged wherever they are used")
IN_PLACE_EVERYWHERE = Kind(WRONG_VALUE, "with {} in place of {} wherever it is used")
ON_THE_TERM = Kind(WRONG_VALUE, "with {} in place of {} on the term of {}")
IN_THE_TERM = Kind(WRONG_VALUE, "with {} in place of {} in the term of {}")
IN_THE_STACK = Kind(WRONG_VALUE, "with {} in place of {} in the stack")
UPSTREAM_IS_ONE = Kind(UPSTREAM, "with 1 in place of the adjoint given for {}")
COMPUTED_AGAIN = Kind(WRONG_VALUE, "with {} computed again {}")
ANOTHER_GRADIENT = Kind(WRONG_VALUE, "with {} in its place")
GRADIENTS_EXCHANGED = Kind(WRONG_VALUE, "exchanged with one another")

OTHER_CONDITION = Kind("condition", "with the condition {} in place of {}")
ALL_OF = Kind("extra term", "with all of {} in place of {}")
BOUND_LATE = Kind("shared array", "with {}, which reads {} when it is called: as the last turn of the loop left it")

# parentheses
OTHERWISE_CLOSED = Kind("parentheses", "with {} where the parentheses stand around {} − {}")
DOES_NOT_REACH = Kind(
    "parentheses",
    "where the factor {} does not reach the term of {}: parentheses misplaced, or the factor forgotten there",
)
REACHES_TOO = Kind("parentheses", "with the factor {} on the term {} too: parentheses misplaced")
NOT_ON_THE_TERM = Kind(
    "parentheses",
    "without the factor {} on the term {}: it is forgotten there, or parentheses are misplaced",
)
OTHER_PARENTHESES = Kind("parentheses", "with {}, where the parentheses stand otherwise: {}")

# matrices and sums
NOT_TRANSPOSED = Kind("transpose", "with {} not transposed")
TRANSPOSED = Kind("transpose", "with {} transposed")
TURNED = Kind("transpose", "transposed: its rows and columns are exchanged")
WRONG_ORDER = Kind("transpose", "with {} in the wrong order")
TERM_NOT_TRANSPOSED = Kind("transpose", "with {} not transposed in the term of {}")
ELEMENT_WISE = Kind("element-wise product", "with the element-wise product {} ∘ {}, not @")
ELEMENT_WISE_SUM = Kind(
    "element-wise product",
    "with the element-wise product {} ∘ {} summed over axis {}, not @: broadcasting hides the wrong shape",
)
NOT_SUMMED = Kind("missing sum", "without the sum over axis {} (the examples)")
BROADCAST_OTHERWISE = Kind(
    "missing sum", "with {} in place of {}: broadcasting goes along another axis than it should"
)
OTHER_LETTERS = Kind("transpose", "with the letters {} in place of {}")
NOT_SUMMED_OVER = Kind("missing sum", "with {} not summed over axis {}")
OTHER_AXIS = Kind("missing sum", "summed over axis {} in place of axis {}")
ALL_AXES = Kind("missing sum", "summed over all axes")
MEAN_FOR_SUM = Kind("mean over the batch", "with the mean over the examples in place of the sum")
MEAN_OF = Kind("mean over the batch", "with a mean in place of a sum: {}")
MULTIPLIED_WITH = Kind("missing factor", "multiplied with {}")
MULTIPLIED_FROM_HERE_ON = Kind("missing factor", "multiplied with {}, from here on")
NOT_DIVIDED = Kind("missing factor", "with {} not divided by {}")
DIVIDED_BY = Kind("extra factor", "divided by {}")
MULTIPLIED_WITH_TWO = Kind("missing factor", "multiplied with 2, which is {} too")
MULTIPLIED_WITH_TWO_FROM_HERE_ON = Kind("missing factor", "multiplied with 2, which is {} too, from here on")
DIVIDED_FROM_HERE_ON = Kind("extra factor", "divided by {}, from here on")

# parts of what is stacked
FIRST_ROWS = Kind(
    "wrong half", "with the first {} of the {} stacked rows in place of rows {} to {}: the other part of the stack"
)
LAST_ROWS = Kind(
    "wrong half", "with the last {} of the {} stacked rows in place of rows {} to {}: the other part of the stack"
)
OTHER_ROWS = Kind(
    "wrong half", "with rows {} to {} of the {} stacked rows in place of rows {} to {}: the other part of the stack"
)
FIRST_COLUMNS = Kind(
    "wrong half",
    "with the first {} of the {} stacked columns in place of columns {} to {}: the other part of the stack",
)
LAST_COLUMNS = Kind(
    "wrong half", "with the last {} of the {} stacked columns in place of columns {} to {}: the other part of the stack"
)
OTHER_COLUMNS_OF_STACK = Kind(
    "wrong half",
    "with columns {} to {} of the {} stacked columns in place of columns {} to {}: the other part of the stack",
)
OTHER_COLUMNS = Kind("wrong half", "with the columns {} of {} in the term of {}: the other part of the stack")
STACKED_OTHERWISE = Kind("wrong half", "with the stack in the other order, [{}]")
JOINED_OTHERWISE = Kind(WRONG_VALUE, "with its parts in the order {}, not that of the forward pass")
WRONG_AT = Kind(WRONG_VALUE, "but for other values at {}")
OTHER_SIZES = Kind(WRONG_VALUE, "with numbers of the right sign and of another size: another function stands there")
PARTS_ELSEWHERE = Kind(WRONG_VALUE, "with the same parts at other places: they are written to, or read at, others")

# steps and sequences; by the names of the wrong steps, which `perturb/which_step.py` lists
AT_ANOTHER_STEP = {
    "before": Kind(OFF_BY_ONE, "with {} of the time step before"),
    "after": Kind(OFF_BY_ONE, "with {} of the time step after"),
    "reversed": Kind(OFF_BY_ONE, "with {} in the opposite order of time"),
    "first": Kind(OFF_BY_ONE, "with {} of the first time step in every one"),
    "last": Kind(OFF_BY_ONE, "with {} of the last time step in every one"),
}
READ_AT_ANOTHER_STEP = {
    "before": Kind(OFF_BY_ONE, "with {} read one time step too early"),
    "after": Kind(OFF_BY_ONE, "with {} read one time step too late"),
    "reversed": Kind(OFF_BY_ONE, "with {} read in the opposite order of time"),
    "first": Kind(OFF_BY_ONE, "with {} read at the first time step in every one"),
    "last": Kind(OFF_BY_ONE, "with {} read at the last time step in every one"),
}
WRITTEN_AT_ANOTHER_STEP = {
    "before": Kind(OFF_BY_ONE, "written one time step too early"),
    "after": Kind(OFF_BY_ONE, "written one time step too late"),
    "reversed": Kind(OFF_BY_ONE, "written in the opposite order of time"),
    "first": Kind(OFF_BY_ONE, "written at the first time step in every one"),
    "last": Kind(OFF_BY_ONE, "written at the last time step in every one"),
}
ADDED_AT_ANOTHER_STEP = {
    "first": Kind(OFF_BY_ONE, "added at the first time step in every one"),
    "last": Kind(OFF_BY_ONE, "added at the last time step in every one"),
}
ROWS_OF_ANOTHER_STEP = {
    "before": Kind(OFF_BY_ONE, "added to the rows one time step too early"),
    "after": Kind(OFF_BY_ONE, "added to the rows one time step too late"),
    "reversed": Kind(OFF_BY_ONE, "added to the rows in the opposite order of time"),
    "first": Kind(OFF_BY_ONE, "added to the rows at the first time step in every one"),
    "last": Kind(OFF_BY_ONE, "added to the rows at the last time step in every one"),
}
NOT_TURNED_ROUND = Kind(
    OFF_BY_ONE,
    "with {} in the opposite order of time: [::-1] is missing where the sequence was read from its end",
)
TURNED_ROUND = Kind(OFF_BY_ONE, "with {} in the opposite order of time: {}")
ENDS_TOO_EARLY = Kind(OFF_BY_ONE, "without the first time step: the loop ends too early")
BEGINS_TOO_LATE = Kind(OFF_BY_ONE, "without the last time step: the loop begins too late")
LOOP_FORWARD = Kind("direction of the loop", "with a loop that runs forward in time, from the first step to the last")
CUT_OFF = Kind(OFF_BY_ONE, "with no steps beyond {}: the way back is cut off there")

# arrays that are written over, or shared
REPLACED = Kind("assignment", "with = in place of {}: each step replaces what the others left there")
FIRST_STEP_LEFT = Kind(
    "assignment",
    "with the part of the first time step only: each step replaces it (=) in place of adding to it (+=)",
)
LAST_STEP_LEFT = Kind(
    "assignment",
    "with the part of the last time step only: each step replaces it (=) in place of adding to it (+=)",
)
FIRST_STEP_LEFT_OF = Kind(
    "assignment",
    "with the part of the first time step only of those that the steps give to it, {}: "
    "each step replaces it (=) in place of adding to it (+=)",
)
LAST_STEP_LEFT_OF = Kind(
    "assignment",
    "with the part of the last time step only of those that the steps give to it, {}: "
    "each step replaces it (=) in place of adding to it (+=)",
)
ONE_PART_LEFT = Kind(
    "assignment",
    "with one of the parts that belong there only: the other is replaced (=) in place of added to (+=)",
)
ADDED_TO = Kind("extra term", "with what was in {} before added to it, since += stands for =")
IN_THE_LOOP = Kind("extra term", "with the line {} carried out at every step of the loop: it belongs after it")
BEFORE_THE_LOOP = Kind(
    "extra term",
    "with the line {} carried out once, before the loop: it belongs into it, as its value is not set anew in each turn",
)
ORDER_OF_LINES = Kind("order", "with the line {} carried out before {}: they belong the other way round")
NO_LINE = Kind("missing term", "without the line {}")
STRAY_LINE = Kind("extra term", "with the line {} carried out, which changes {} before it is read")
DONE_IN_PLACE = Kind("in-place change", "with {} done in place, which changes other variables that hold this array")
HAS_BECOME = Kind("in-place change", "with {} in place of {} where it is read")
FACTOR_ALREADY = Kind(
    "in-place change",
    "with the factor {} on {} already, where it is read without it: "
    "the array was changed in place, or lines stand in another order",
)
ONE_ARRAY = Kind("shared array", "with {} in its place: they are one array")
ONE_THING = Kind("shared array", "with {} and {} as one and the same {}, which is changed in place: a copy is missing")
STEPS_IN_ONE_ARRAY = Kind("shared array", "with {} in every one: they are one array")
DUPLICATES = Kind(
    "duplicate indices",
    "with the last of several parts only wherever an index is there more than once: {}",
)
DUPLICATES_OF = Kind(
    "duplicate indices", "where {0} meets a row several times, with one of them only: {1}.add.at adds them all"
)
DUPLICATES_TAKEN_OF = Kind(
    "duplicate indices",
    "where {0} meets a row several times, with one of them only: {1}.subtract.at takes all of them away",
)

# derivatives of activations
NO_FACTOR_OF_DERIVATIVE = Kind(DERIVATIVE, "without the factor {} of the derivative {}, {}")
OTHER_DERIVATIVE = Kind(DERIVATIVE, "with {} in place of the derivative {}")
OTHER_IN_DERIVATIVE = Kind(DERIVATIVE, "with {} in place of {} in the derivative {}")
NO_UPSTREAM = Kind(UPSTREAM, "without {}: {} alone")
