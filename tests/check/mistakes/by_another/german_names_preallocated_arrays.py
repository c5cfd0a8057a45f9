import numpy as np

# Leckender Integrator (Uebungsblatt 7, Aufgabe 2)
# Spaltenvektoren, ein Beispiel pro Spalte


def vorwaerts(eingabe, gewichte):
    T, n_ein, anzahl = eingabe.shape
    n_zust = gewichte['U'].shape[0]
    n_aus = gewichte['V'].shape[0]
    leck = 1 / (1 + np.exp(-gewichte['a']))
    zustand = np.zeros((T + 1, n_zust, anzahl))
    kandidat = np.zeros((T, n_zust, anzahl))
    ausgabe = np.zeros((T, n_aus, anzahl))
    zustand[0] = gewichte['h0']
    for t in range(T):
        kandidat[t] = np.tanh(gewichte['W'] @ eingabe[t] + gewichte['U'] @ zustand[t] + gewichte['b'])
        zustand[t + 1] = (1 - leck) * zustand[t] + leck * kandidat[t]
        ausgabe[t] = gewichte['V'] @ zustand[t + 1] + gewichte['c']
    return ausgabe, zustand, kandidat, leck


def fehler(ausgabe, ziel):
    T, _, anzahl = ausgabe.shape
    return 0.5 * np.sum((ausgabe - ziel) ** 2) / (T * anzahl)


def rueckwaerts(eingabe, ziel, gewichte):
    ausgabe, zustand, kandidat, leck = vorwaerts(eingabe, gewichte)
    T, n_ein, anzahl = eingabe.shape
    grad = {}
    for name in gewichte:
        grad[name] = np.zeros_like(gewichte[name])
    d_eingabe = np.zeros_like(eingabe)
    d_leck = np.zeros_like(leck)
    d_ausgabe = (ausgabe - ziel) / (T * anzahl)
    d_zustand = np.zeros_like(zustand[0])
    for t in range(T - 1, -1, -1):
        grad['V'] += d_ausgabe[t] @ zustand[t + 1].T
        grad['c'] += d_ausgabe[t].sum(axis=1, keepdims=True)
        d_zustand += gewichte['V'].T @ d_ausgabe[t]
        d_leck += np.sum(d_zustand * (kandidat[t] - zustand[t]), axis=1, keepdims=True)
        d_netz = d_zustand * leck * (1 - kandidat[t] ** 2)
        grad['W'] += d_netz @ eingabe[t].T
        grad['U'] += d_netz @ zustand[t].T
        grad['b'] += d_netz.sum(axis=1, keepdims=True)
        d_eingabe[t] = gewichte['W'].T @ d_netz
        d_zustand = (1 - leck) * d_zustand + gewichte['U'].T @ d_netz
    grad['a'] = d_leck * leck * (1 - leck)
    grad['h0'] = d_zustand
    return grad, d_eingabe


# -- what it is called with --------------------------------------------------------------------------------------


def inputs():
    r = np.random.RandomState(404)
    T, nx, na, m, ny = 6, 3, 5, 2, 4
    g = dict(W=r.randn(na, nx) * .7, U=r.randn(na, na) * .6, b=r.randn(na, 1) * .3, a=r.randn(na, 1),
             V=r.randn(ny, na) * .7, c=r.randn(ny, 1), h0=r.randn(na, m) * .5)
    return dict(eingabe=r.randn(T, nx, m), ziel=r.randn(T, ny, m), gewichte=g)


def loss_of(module, a):
    return module.fehler(module.vorwaerts(a["eingabe"], a["gewichte"])[0], a["ziel"])


def gradients_of(module, a):
    g, dx = module.rueckwaerts(a["eingabe"], a["ziel"], a["gewichte"])
    out = {"d" + k: v for k, v in g.items()}
    out["deingabe"] = dx
    return out

PATHS = {
    "W": ["gewichte", "W"],
    "U": ["gewichte", "U"],
    "b": ["gewichte", "b"],
    "a": ["gewichte", "a"],
    "V": ["gewichte", "V"],
    "c": ["gewichte", "c"],
    "h0": ["gewichte", "h0"],
    "eingabe": ["eingabe"],
}
