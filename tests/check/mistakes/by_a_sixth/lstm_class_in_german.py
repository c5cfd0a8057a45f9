# -*- coding: utf-8 -*-
# Übungsblatt 7, Aufgabe 3: LSTM zur Klassifikation von Zeitreihen (ja/nein)
# Eingabe: (Zeit, Stapel, Merkmale)
import numpy as np


def sigma(v):
    return 1.0 / (1.0 + np.exp(-v))


class LSTMSchicht:
    tore = ('eingang', 'vergessen', 'ausgang', 'kandidat')

    def __init__(self, gewichte):
        # je Tor ein Tupel (W, R, b): Eingabe-, rekurrente Gewichte und Schwelle
        self.gewichte = gewichte

    def vorwaerts(self, folge):
        schritte, stapel, _ = folge.shape
        groesse = self.gewichte['eingang'][1].shape[0]
        self.folge = folge
        self.h = np.zeros((schritte + 1, stapel, groesse))
        self.c = np.zeros((schritte + 1, stapel, groesse))
        self.werte = []
        for t in range(schritte):
            akt = {}
            for tor in self.tore:
                W, R, b = self.gewichte[tor]
                netz = folge[t] @ W + self.h[t] @ R + b
                akt[tor] = np.tanh(netz) if tor == 'kandidat' else sigma(netz)
            self.c[t + 1] = akt['vergessen'] * self.c[t] + akt['eingang'] * akt['kandidat']
            self.h[t + 1] = akt['ausgang'] * np.tanh(self.c[t + 1])
            self.werte.append(akt)
        return self.h[-1]

    def rueckwaerts(self, dletzter):
        self.grad = {tor: [np.zeros_like(g) for g in self.gewichte[tor]] for tor in self.tore}
        dfolge = np.zeros_like(self.folge)
        dh = dletzter
        dc = np.zeros_like(dletzter)
        for t in range(len(self.folge) - 1, -1, -1):
            akt = self.werte[t]
            tc = np.tanh(self.c[t + 1])
            dc = dc + dh * akt['ausgang'] * (1 - tc * tc)
            davor = {
                'ausgang': dh * tc,
                'eingang': dc * akt['kandidat'],
                'vergessen': dc * self.c[t],
                'kandidat': dc * akt['eingang'],
            }
            dh = np.zeros_like(dletzter)
            for tor in self.tore:
                W, R, b = self.gewichte[tor]
                a = akt[tor]
                if tor == 'kandidat':
                    dnetz = davor[tor] * (1 - a * a)
                else:
                    dnetz = davor[tor] * a * (1 - a)
                self.grad[tor][0] += self.folge[t].T @ dnetz
                self.grad[tor][1] += self.h[t].T @ dnetz
                self.grad[tor][2] += dnetz.sum(axis=0)
                dfolge[t] += dnetz @ W.T
                dh += dnetz @ R.T
            dc = dc * akt['vergessen']
        return dfolge


class Netz:
    def __init__(self, gewichte, w_aus, b_aus):
        self.schicht = LSTMSchicht(gewichte)
        self.w_aus, self.b_aus = w_aus, b_aus

    def fehler(self, folge, ziel):
        """mittlere binaere Kreuzentropie, ziel: (Stapel,) mit 0/1"""
        self.letzter = self.schicht.vorwaerts(folge)
        self.p = sigma(self.letzter @ self.w_aus + self.b_aus)
        return -np.mean(ziel * np.log(self.p) + (1 - ziel) * np.log(1 - self.p))

    def gradienten(self, ziel):
        dz = (self.p - ziel) / len(ziel)
        dw_aus = self.letzter.T @ dz
        db_aus = dz.sum()
        dfolge = self.schicht.rueckwaerts(np.outer(dz, self.w_aus))
        return dw_aus, db_aus, self.schicht.grad, dfolge


def inputs():
    r = np.random.RandomState(104)
    T, N, D, H = 5, 3, 2, 4
    g = {k: [r.randn(D, H) * .8, r.randn(H, H) * .6, r.randn(H) * .3] for k in ('eingang', 'vergessen', 'ausgang', 'kandidat')}
    return dict(g=g, w_aus=r.randn(H), b_aus=np.array(.2), folge=r.randn(T, N, D), ziel=np.array([1., 0., 1.]))


def loss_of(module, args):
    return module.Netz(args['g'], args['w_aus'], args['b_aus']).fehler(args['folge'], args['ziel'])


def gradients_of(module, args):
    n = module.Netz(args['g'], args['w_aus'], args['b_aus'])
    n.fehler(args['folge'], args['ziel'])
    dw, db, g, df = n.gradienten(args['ziel'])
    out = dict(dw_aus=dw, db_aus=db, dfolge=df)
    for k, (W, R, b) in g.items():
        out['dW_' + k], out['dR_' + k], out['db_' + k] = W, R, b
    return out


PATHS = {
    "W_eingang": ["g", "eingang", 0],
    "R_eingang": ["g", "eingang", 1],
    "b_eingang": ["g", "eingang", 2],
    "W_vergessen": ["g", "vergessen", 0],
    "R_vergessen": ["g", "vergessen", 1],
    "b_vergessen": ["g", "vergessen", 2],
    "W_ausgang": ["g", "ausgang", 0],
    "R_ausgang": ["g", "ausgang", 1],
    "b_ausgang": ["g", "ausgang", 2],
    "W_kandidat": ["g", "kandidat", 0],
    "R_kandidat": ["g", "kandidat", 1],
    "b_kandidat": ["g", "kandidat", 2],
    "w_aus": ["w_aus"],
    "b_aus": ["b_aus"],
    "folge": ["folge"],
}
