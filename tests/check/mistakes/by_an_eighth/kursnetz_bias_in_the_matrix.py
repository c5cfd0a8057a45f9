# Aktienkurse vorhersagen mit einem LSTM mit Gucklöchern (peepholes)
# Hausaufgabe 4, Spalten sind die Aktien
import numpy as np


def sig(a):
    return 1 / (1 + np.exp(-a))


class KursNetz:
    def __init__(self, gewichte, lam=0.02):
        self.g = gewichte       # Wz Wi Wf Wo (H, D+H+1), pi pf po (H, 1), V (1, H+1)
        self.lam = lam

    def vorwaerts(self, kurse):
        """kurse: (T+1, D, N). Vorhersage von kurse[t+1][0] aus kurse[0..t]"""
        g = self.g
        H, N = g['pi'].shape[0], kurse.shape[2]
        T = kurse.shape[0] - 1
        eins = np.ones((1, N))
        y = np.zeros((H, N))
        c = np.zeros((H, N))
        self.spur = []
        fehler_summe = 0
        for t in range(T):
            ein = np.vstack((kurse[t], y, eins))      # Eingabe, Zustand, Bias
            z = np.tanh(g['Wz'].dot(ein))
            i = sig(g['Wi'].dot(ein) + g['pi'] * c)
            f = sig(g['Wf'].dot(ein) + g['pf'] * c)
            c_neu = i * z + f * c
            o = sig(g['Wo'].dot(ein) + g['po'] * c_neu)
            y_neu = o * np.tanh(c_neu)
            aus = np.vstack((y_neu, eins))
            fehler = g['V'].dot(aus) - kurse[t + 1][0:1]
            fehler_summe += 0.5 * np.sum(fehler ** 2)
            self.spur.append((ein, z, i, f, o, c, c_neu, aus, fehler))
            y, c = y_neu, c_neu
        self.T, self.N = T, N
        strafe = 0
        for name in ('Wz', 'Wi', 'Wf', 'Wo', 'V'):
            strafe += 0.5 * self.lam * np.sum(g[name][:, :-1] ** 2)     # Bias wird nicht bestraft
        return fehler_summe / (T * N) + strafe

    def rueckwaerts(self):
        g = self.g
        H = g['pi'].shape[0]
        ab = {}
        for name in g:
            ab[name] = np.zeros_like(g[name])
        dy_n = np.zeros((H, self.N))
        dc_n = np.zeros((H, self.N))
        for ein, z, i, f, o, c, c_neu, aus, fehler in reversed(self.spur):
            d_aus = fehler / (self.T * self.N)
            ab['V'] += d_aus.dot(aus.T)
            dy = g['V'][:, :-1].T.dot(d_aus) + dy_n
            th = np.tanh(c_neu)
            do = dy * th * o * (1 - o)
            dc = dy * o * (1 - th ** 2) + dc_n + g['po'] * do
            di = dc * z * i * (1 - i)
            df = dc * c * f * (1 - f)
            dz = dc * i * (1 - z ** 2)
            ab['Wz'] += dz.dot(ein.T)
            ab['Wi'] += di.dot(ein.T)
            ab['Wf'] += df.dot(ein.T)
            ab['Wo'] += do.dot(ein.T)
            ab['pi'] += np.sum(di * c, axis=1, keepdims=True)
            ab['pf'] += np.sum(df * c, axis=1, keepdims=True)
            ab['po'] += np.sum(do * c_neu, axis=1, keepdims=True)
            d_ein = g['Wz'].T.dot(dz) + g['Wi'].T.dot(di) + g['Wf'].T.dot(df) + g['Wo'].T.dot(do)
            dy_n = d_ein[-H - 1:-1]
            dc_n = dc * f + g['pi'] * di + g['pf'] * df
        for name in ('Wz', 'Wi', 'Wf', 'Wo', 'V'):
            ab[name][:, :-1] += self.lam * g[name][:, :-1]
        return ab


def inputs():
    r = np.random.RandomState(107)
    H, D, N, T = 3, 2, 2, 4
    g = {k: r.randn(H, D + H + 1) * .7 for k in ('Wz', 'Wi', 'Wf', 'Wo')}
    g.update({k: r.randn(H, 1) for k in ('pi', 'pf', 'po')})
    g['V'] = r.randn(1, H + 1)
    return dict(g=g, kurse=np.cumsum(r.randn(T + 1, D, N), axis=0))


def loss_of(module, args):
    return module.KursNetz(args['g']).vorwaerts(args['kurse'])


def gradients_of(module, args):
    netz = module.KursNetz(args['g'])
    netz.vorwaerts(args['kurse'])
    return {'d' + k: v for k, v in netz.rueckwaerts().items()}


PATHS = {
    "Wz": ["g", "Wz"],
    "Wi": ["g", "Wi"],
    "Wf": ["g", "Wf"],
    "Wo": ["g", "Wo"],
    "pi": ["g", "pi"],
    "pf": ["g", "pf"],
    "po": ["g", "po"],
    "V": ["g", "V"],
}
