import numpy as np


def logistic_function(pre_activation):
    return 1.0 / (1.0 + np.exp(-pre_activation))


def run_gated_recurrent_unit_forward(input_sequence, initial_hidden_state, parameters):
    """Reset-after GRU. input_sequence has shape (time, batch, features)."""
    history_of_steps = []
    hidden_state = initial_hidden_state
    all_hidden_states = []
    for current_input in input_sequence:
        previous_hidden_state = hidden_state
        update_gate = logistic_function(
            np.einsum('bi,ih->bh', current_input, parameters['input_to_update'])
            + np.einsum('bk,kh->bh', previous_hidden_state, parameters['hidden_to_update'])
            + parameters['bias_update'])
        reset_gate = logistic_function(
            np.einsum('bi,ih->bh', current_input, parameters['input_to_reset'])
            + np.einsum('bk,kh->bh', previous_hidden_state, parameters['hidden_to_reset'])
            + parameters['bias_reset'])
        recurrent_contribution = (
            np.einsum('bk,kh->bh', previous_hidden_state, parameters['hidden_to_candidate'])
            + parameters['bias_recurrent'])
        candidate_state = np.tanh(
            np.einsum('bi,ih->bh', current_input, parameters['input_to_candidate'])
            + parameters['bias_candidate']
            + reset_gate * recurrent_contribution)
        hidden_state = update_gate * previous_hidden_state + (1.0 - update_gate) * candidate_state
        all_hidden_states.append(hidden_state)
        history_of_steps.append({
            'current_input': current_input,
            'previous_hidden_state': previous_hidden_state,
            'update_gate': update_gate,
            'reset_gate': reset_gate,
            'recurrent_contribution': recurrent_contribution,
            'candidate_state': candidate_state,
        })
    return np.stack(all_hidden_states), history_of_steps


def compute_mean_squared_error(all_hidden_states, desired_states):
    return np.mean((all_hidden_states - desired_states) ** 2)


def run_gated_recurrent_unit_backward(all_hidden_states, desired_states, history_of_steps, parameters):
    parameter_gradients = {name: np.zeros_like(array) for name, array in parameters.items()}
    gradient_of_outputs = 2.0 * (all_hidden_states - desired_states) / all_hidden_states.size
    gradient_of_inputs = [None] * len(history_of_steps)
    gradient_from_future = np.zeros_like(all_hidden_states[0])

    for time_step in reversed(range(len(history_of_steps))):
        step = history_of_steps[time_step]
        gradient_hidden = gradient_of_outputs[time_step] + gradient_from_future

        gradient_update_gate = gradient_hidden * (step['previous_hidden_state'] - step['candidate_state'])
        gradient_candidate = gradient_hidden * (1.0 - step['update_gate'])
        gradient_previous_hidden = gradient_hidden * step['update_gate']

        gradient_candidate_pre = gradient_candidate * (1.0 - step['candidate_state'] ** 2)
        gradient_reset_gate = gradient_candidate_pre * step['recurrent_contribution']
        gradient_recurrent = gradient_candidate_pre * step['reset_gate']

        gradient_update_pre = gradient_update_gate * step['update_gate'] * (1.0 - step['update_gate'])
        gradient_reset_pre = gradient_reset_gate * step['reset_gate'] * (1.0 - step['reset_gate'])

        parameter_gradients['input_to_update'] += np.einsum('bi,bh->ih', step['current_input'], gradient_update_pre)
        parameter_gradients['input_to_reset'] += np.einsum('bi,bh->ih', step['current_input'], gradient_reset_pre)
        parameter_gradients['input_to_candidate'] += np.einsum('bi,bh->ih', step['current_input'], gradient_candidate_pre)
        parameter_gradients['hidden_to_update'] += np.einsum('bk,bh->kh', step['previous_hidden_state'], gradient_update_pre)
        parameter_gradients['hidden_to_reset'] += np.einsum('bk,bh->kh', step['previous_hidden_state'], gradient_reset_pre)
        parameter_gradients['hidden_to_candidate'] += np.einsum('bk,bh->kh', step['previous_hidden_state'], gradient_recurrent)
        parameter_gradients['bias_update'] += gradient_update_pre.sum(axis=0)
        parameter_gradients['bias_reset'] += gradient_reset_pre.sum(axis=0)
        parameter_gradients['bias_candidate'] += gradient_candidate_pre.sum(axis=0)
        parameter_gradients['bias_recurrent'] += gradient_recurrent.sum(axis=0)

        gradient_previous_hidden += np.einsum('bh,kh->bk', gradient_update_pre, parameters['hidden_to_update'])
        gradient_previous_hidden += np.einsum('bh,kh->bk', gradient_reset_pre, parameters['hidden_to_reset'])
        gradient_previous_hidden += np.einsum('bh,kh->bk', gradient_recurrent, parameters['hidden_to_candidate'])
        gradient_of_inputs[time_step] = (
            np.einsum('bh,ih->bi', gradient_update_pre, parameters['input_to_update'])
            + np.einsum('bh,ih->bi', gradient_reset_pre, parameters['input_to_reset'])
            + np.einsum('bh,ih->bi', gradient_candidate_pre, parameters['input_to_candidate']))
        gradient_from_future = gradient_previous_hidden

    return parameter_gradients, np.stack(gradient_of_inputs), gradient_from_future


# -- what it is called with --------------------------------------------------------------------------------------


def inputs():
    r = np.random.RandomState(303)
    T, B, D, H = 5, 2, 3, 4
    p = {}
    for k in ("update", "reset", "candidate"):
        p["input_to_" + k] = r.randn(D, H) * .7
        p["hidden_to_" + k] = r.randn(H, H) * .7
        p["bias_" + k] = r.randn(H) * .4
    p["bias_recurrent"] = r.randn(H) * .4
    return dict(input_sequence=r.randn(T, B, D), initial_hidden_state=r.randn(B, H) * .6, parameters=p,
                desired_states=r.randn(T, B, H) * 2)


def loss_of(module, a):
    hs, _ = module.run_gated_recurrent_unit_forward(a["input_sequence"], a["initial_hidden_state"], a["parameters"])
    return module.compute_mean_squared_error(hs, a["desired_states"])


def gradients_of(module, a):
    hs, hist = module.run_gated_recurrent_unit_forward(a["input_sequence"], a["initial_hidden_state"], a["parameters"])
    g, dx, dh = module.run_gated_recurrent_unit_backward(hs, a["desired_states"], hist, a["parameters"])
    out = {"d" + k: v for k, v in g.items()}
    out["dinput_sequence"] = dx
    out["dinitial_hidden_state"] = dh
    return out

PATHS = {
    "input_to_update": ["parameters", "input_to_update"],
    "input_to_reset": ["parameters", "input_to_reset"],
    "input_to_candidate": ["parameters", "input_to_candidate"],
    "hidden_to_update": ["parameters", "hidden_to_update"],
    "hidden_to_reset": ["parameters", "hidden_to_reset"],
    "hidden_to_candidate": ["parameters", "hidden_to_candidate"],
    "bias_update": ["parameters", "bias_update"],
    "bias_reset": ["parameters", "bias_reset"],
    "bias_candidate": ["parameters", "bias_candidate"],
    "bias_recurrent": ["parameters", "bias_recurrent"],
    "input_sequence": ["input_sequence"],
    "initial_hidden_state": ["initial_hidden_state"],
}
