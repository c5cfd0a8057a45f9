# Praktikum Nichtlineare Dynamik: kontinuierliches RNN an Messdaten anpassen
#   tau_i du_i/dt = -u_i + sum_j W_ij tanh(u_j) + sum_k V_ik x_k + b_i
# Euler-Schritte der Laenge dt, Anpassung ueber chi^2, Gradient mit adjungierter Gleichung
import numpy as np


def vorwaerts(par, antrieb, dt):
    """integriert die Bewegungsgleichung, gibt Zustaende, Raten und Modellkurve zurueck"""
    T = antrieb.shape[0]
    n = par['u0'].size
    zustand = np.zeros((T + 1, n))
    rate = np.zeros((T + 1, n))
    summe = np.zeros((T, n))
    modell = np.zeros((T, par['C'].shape[0]))
    tau = np.exp(par['log_tau'])
    zustand[0] = par['u0']
    rate[0] = np.tanh(zustand[0])
    for k in range(T):
        summe[k] = par['W'] @ rate[k] + par['V'] @ antrieb[k] + par['b']
        zustand[k + 1] = zustand[k] + dt / tau * (summe[k] - zustand[k])
        rate[k + 1] = np.tanh(zustand[k + 1])
        modell[k] = par['C'] @ rate[k + 1] + par['c']
    return zustand, rate, summe, modell


def chi_quadrat(modell, messung, sigma):
    """sigma: Messfehler je Kanal"""
    return 0.5 * np.sum(((modell - messung) / sigma) ** 2)


def rueckwaerts(par, antrieb, messung, sigma, dt, zustand, rate, summe, modell):
    """adjungierte Zustaende lam[k] = d chi^2 / d u[k], rueckwaerts in der Zeit"""
    T, n = summe.shape
    tau = np.exp(par['log_tau'])
    grad = {name: np.zeros_like(wert) for name, wert in par.items()}
    residuum = (modell - messung) / sigma ** 2
    lam = np.zeros(n)
    for k in range(T - 1, -1, -1):
        # Beitrag der Messung zum Zeitpunkt k+1
        grad['C'] += np.outer(residuum[k], rate[k + 1])
        grad['c'] += residuum[k]
        lam = lam + (1 - rate[k + 1] ** 2) * (par['C'].T @ residuum[k])
        # Parameter des Euler-Schritts
        eta = dt / tau * lam
        grad['W'] += np.outer(eta, rate[k])
        grad['V'] += np.outer(eta, antrieb[k])
        grad['b'] += eta
        grad['log_tau'] -= eta * (summe[k] - zustand[k])
        # ein Schritt zurueck
        lam = lam - eta + (1 - rate[k] ** 2) * (par['W'].T @ eta)
    grad['u0'] = lam
    return grad


def anpassung(par, antrieb, messung, sigma, dt=0.4):
    zustand, rate, summe, modell = vorwaerts(par, antrieb, dt)
    wert = chi_quadrat(modell, messung, sigma)
    return wert, rueckwaerts(par, antrieb, messung, sigma, dt, zustand, rate, summe, modell)


def inputs():
    r = np.random.RandomState(13)
    T, n, k, m = 6, 4, 2, 2
    par = dict(W=r.randn(n, n) * .8, V=r.randn(n, k), b=r.randn(n) * .3, log_tau=r.randn(n) * .3, C=r.randn(m, n), c=r.randn(m) * .2, u0=r.randn(n) * .5)
    return dict(par=par, antrieb=r.randn(T, k), messung=r.randn(T, m), sigma=np.array([.8, 1.3]))


def _run(module, a):
    return module.anpassung(a['par'], a['antrieb'], a['messung'], a['sigma'])


def loss_of(module, args):
    return _run(module, args)[0]


def gradients_of(module, args):
    return {'d' + k: v for k, v in _run(module, args)[1].items()}


PATHS = {
    "W": ["par", "W"],
    "V": ["par", "V"],
    "b": ["par", "b"],
    "log_tau": ["par", "log_tau"],
    "C": ["par", "C"],
    "c": ["par", "c"],
    "u0": ["par", "u0"],
}
