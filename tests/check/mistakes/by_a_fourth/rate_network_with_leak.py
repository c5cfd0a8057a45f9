import numpy as np


def default_hyper():
    return dict(l2_rate=0.2, l2_weight=0.05)


def run_trials(stimulus, theta):
    """stimulus: (trial, time, channel). x is the membrane potential, r = tanh(x) the firing rate,
    every neuron has its own learned leak alpha = 1 / (1 + exp(-a))"""
    n_trial, n_time, _ = stimulus.shape
    n_unit = theta['w_rec'].shape[0]
    alpha = 1 / (1 + np.exp(-theta['a']))
    x = np.zeros((n_trial, n_time + 1, n_unit))
    drive = np.zeros((n_trial, n_time, n_unit))
    x[:, 0] = theta['x0']
    for t in range(n_time):
        drive[:, t] = np.tanh(x[:, t]) @ theta['w_rec'].T + stimulus[:, t] @ theta['w_in'].T + theta['bias']
        x[:, t + 1] = (1 - alpha) * x[:, t] + alpha * drive[:, t]
    rate = np.tanh(x)
    output = rate[:, 1:] @ theta['w_out'].T
    return dict(alpha=alpha, x=x, drive=drive, rate=rate, output=output)


def cost(run, target, mask, theta, hyper):
    error = mask[:, :, None] * (run['output'] - target)
    task = np.sum(error ** 2) / mask.sum()
    rate = hyper['l2_rate'] * np.mean(run['rate'][:, 1:] ** 2)
    weight = hyper['l2_weight'] * np.sum(theta['w_rec'] ** 2)
    return task + rate + weight, error


def gradient(run, error, stimulus, mask, theta, hyper):
    alpha, x, rate = run['alpha'], run['x'], run['rate']
    grad = {key: np.zeros_like(value) for key, value in theta.items()}
    d_output = 2 * error / mask.sum()
    grad['w_out'] = np.tensordot(d_output, rate[:, 1:], axes=([0, 1], [0, 1]))
    d_rate = d_output @ theta['w_out'] + hyper['l2_rate'] * 2 * rate[:, 1:] / rate[:, 1:].size
    grad['w_rec'] = 2 * hyper['l2_weight'] * theta['w_rec']
    from_rate = np.zeros_like(x[:, 0])
    from_leak = np.zeros_like(x[:, 0])
    for t in range(stimulus.shape[1] - 1, -1, -1):
        d_x = (d_rate[:, t] + from_rate) * (1 - rate[:, t + 1] ** 2) + from_leak
        grad['a'] += np.sum(d_x * (run['drive'][:, t] - x[:, t]), axis=0)
        d_drive = alpha * d_x
        grad['w_rec'] += d_drive.T @ rate[:, t]
        grad['w_in'] += d_drive.T @ stimulus[:, t]
        grad['bias'] += np.sum(d_drive, axis=0)
        from_rate = d_drive @ theta['w_rec']
        from_leak = (1 - alpha) * d_x
    grad['a'] *= alpha * (1 - alpha)
    grad['x0'] = np.sum(from_rate * (1 - rate[:, 0] ** 2) + from_leak, axis=0)
    return grad


def inputs():
    r = np.random.RandomState(82)
    B, T, C, N, O = 3, 5, 2, 4, 2
    theta = dict(w_rec=r.randn(N, N) * .6, w_in=r.randn(N, C) * .8, bias=r.randn(N) * .2, a=r.randn(N) * .6, x0=r.randn(N) * .5,
                 w_out=r.randn(O, N) * .7)
    mask = np.ones((B, T))
    mask[:, :2] = 0
    mask[1, 2] = 0
    return dict(stimulus=r.randn(B, T, C), target=r.randn(B, T, O), mask=mask, theta=theta)


def loss_of(module, args):
    run = module.run_trials(args['stimulus'], args['theta'])
    return module.cost(run, args['target'], args['mask'], args['theta'], module.default_hyper())[0]


def gradients_of(module, args):
    run = module.run_trials(args['stimulus'], args['theta'])
    _, error = module.cost(run, args['target'], args['mask'], args['theta'], module.default_hyper())
    g = module.gradient(run, error, args['stimulus'], args['mask'], args['theta'], module.default_hyper())
    return {'d' + k: v for k, v in g.items()}


PATHS = {
    "w_rec": ["theta", "w_rec"],
    "w_in": ["theta", "w_in"],
    "bias": ["theta", "bias"],
    "a": ["theta", "a"],
    "x0": ["theta", "x0"],
    "w_out": ["theta", "w_out"],
}
